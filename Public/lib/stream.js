// Streams of events over fetch, which unlike EventSource sends a key. What breaks is taken up again behind the last event.
import { authorization, problem } from "./api.js";

/** The service sends a comment every 15 s. */
const patience = 40_000;
const longestPause = 10_000;

/**
 * Follows a stream while the page is seen, until it is over, the signal aborts, or the service refuses it.
 *
 * @param onEvent gets the number and the document of each event, in order, each once
 * @param onState gets "live" or "waiting"
 */
export async function follow(path, { after = 0, onEvent, onState = () => {}, signal }) {
    let last = after;
    let pause = 300;
    for (;;) {
        await seen(signal);
        if (signal.aborted) return;
        const attempt = new AbortController();
        const stop = () => attempt.abort();
        signal.addEventListener("abort", stop, { signal: attempt.signal });
        // A browser has few connections to a service, which tabs that nobody sees would use up.
        document.addEventListener("visibilitychange", () => document.hidden && stop(), { signal: attempt.signal });
        try {
            const response = await fetch(path, {
                headers: { ...authorization(), Accept: "text/event-stream", "Last-Event-ID": String(last) },
                signal: attempt.signal,
                cache: "no-store",
            });
            if (response.status === 204) return;
            if (response.status >= 400 && response.status < 500 && response.status !== 429) throw await problem(response);
            if (response.ok) {
                onState("live");
                pause = 300;
                for await (const event of events(response.body, stop)) {
                    if (event.id <= last) continue;
                    last = event.id;
                    // What cannot be shown must not keep back what comes after it.
                    try { onEvent(event.id, JSON.parse(event.data)); } catch (error) { reportError(error); }
                }
            }
        } catch (error) {
            if (error.status) throw error;
        } finally {
            stop();
        }
        if (signal.aborted) return;
        onState("waiting");
        await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
        pause = Math.min(pause * 2, longestPause);
    }
}

/** Waits until the page is seen, or the signal aborts. */
function seen(signal) {
    return new Promise((resolve) => {
        const settled = new AbortController();
        const look = () => {
            if (document.hidden && !signal.aborted) return;
            settled.abort();
            resolve();
        };
        document.addEventListener("visibilitychange", look, { signal: settled.signal });
        signal.addEventListener("abort", look, { signal: settled.signal });
        look();
    });
}

/** The events in the bytes of a stream (WHATWG HTML section 9.2.6). */
async function* events(body, onSilence) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let event = { id: 0, data: "" };
    let timer;
    try {
        for (;;) {
            timer = setTimeout(onSilence, patience);
            const { value, done } = await reader.read();
            clearTimeout(timer);
            if (done) return;
            const lines = (rest + value).split("\n");
            rest = lines.pop();
            for (const line of lines) {
                if (line === "" && event.data) {
                    yield event;
                    event = { id: event.id, data: "" };
                } else if (line.startsWith("data:")) event.data += line.slice(5).trimStart();
                else if (line.startsWith("id:")) event.id = Number(line.slice(3));
            }
        }
    } finally {
        clearTimeout(timer);
    }
}
