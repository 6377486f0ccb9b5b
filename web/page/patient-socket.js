/**
 * A WebSocket that keeps what is sent before it is open, instead of throwing.
 *
 * The service's own example connects and sends in one breath. Scripts written after it run on this page as they
 * are, so the page gives them this class under the name they use.
 */
export class PatientSocket extends WebSocket {
  send(message) {
    if (this.readyState !== WebSocket.CONNECTING) super.send(message);
    else this.addEventListener("open", () => super.send(message), { once: true });
  }
}
