"""Trying again what failed: the notification's workflow is told, and runs once more if it has ended."""

import asyncio

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError

from notifications.accepting import start_options
from notifications.contracts import limits, names
from notifications.contracts.changes import Change
from notifications.contracts.notification import NotificationRequest
from notifications.refusals import unreachable


async def redrive(temporal: Client, request: NotificationRequest, change: Change) -> None:
    """Has a change carried out for certain, by a workflow that runs or has ended; see `NotificationsClient.redrive`."""
    options = start_options(request)
    options["id_reuse_policy"] = WorkflowIDReusePolicy.ALLOW_DUPLICATE
    try:
        async with asyncio.timeout(limits.ACCEPT_SECONDS):
            await temporal.start_workflow(
                names.NOTIFICATION_WORKFLOW,
                request,
                start_signal=names.CHANGE_SIGNAL,
                start_signal_args=[change],
                **options,
            )
    except (TimeoutError, RPCError) as error:
        raise unreachable() from error
