"""How every process of this service, and of those that use it, reaches Temporal."""

from temporalio.client import Client
from temporalio.service import GrpcCompression


async def connect(address: str, *, namespace: str, lazy: bool = False) -> Client:
    """A client; a `lazy` one connects at its first call.

    Raises:
        RuntimeError, RPCError: nobody answers.
    """
    # Requests are about a kilobyte: squeezing them costs more than sending them.
    return await Client.connect(address, namespace=namespace, lazy=lazy, grpc_compression=GrpcCompression.NONE)
