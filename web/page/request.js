/** JSON in, JSON out, to the demo process; anything but a 2xx is an error with its `status`. */
export async function request(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const words = answer?.detail ?? Object.values(answer ?? {}).flat().join(" ");
  throw Object.assign(new Error(words), { status: response.status });
}
