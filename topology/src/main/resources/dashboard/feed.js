// Server-sent events over fetch: EventSource cannot send an API key.

/** Calls onData with the text of every event of a response, until it ends. */
export async function eachEvent(response, onData) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
      if (data.length > 0) onData(data.join("\n"));
    }
  }
}

/** What a server says is wrong. */
export async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  return body.error?.message ?? `the server answers with status ${response.status}`;
}

/** Follows /events until the signal: connects again after a break. */
export async function follow({ headers, signal, onEvent, onState }) {
  while (!signal.aborted) {
    try {
      const response = await fetch("/events", { headers: headers(), signal });
      if (response.status === 401) {
        onState("needs an API key", true);
        return;
      }
      if (!response.ok) throw new Error(await problemOf(response));
      onState("live");
      await eachEvent(response, (data) => onEvent(JSON.parse(data)));
      onState("connection ended; connecting again");
    } catch (problem) {
      if (signal.aborted) return;
      onState(`${problem.message}; connecting again`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
