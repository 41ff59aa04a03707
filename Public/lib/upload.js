// Uploads, whose progress only XMLHttpRequest tells.
import { Problem, authorization, expire } from "./api.js";
import { key } from "./session.js";

/** Sends a file; `onProgress` gets the share that has gone. Resolves to the document that it is answered with; throws an AbortError where the signal aborts. */
export function upload(method, path, file, type, { onProgress, signal } = {}) {
    return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const sent = key();
        const request = new XMLHttpRequest();
        request.open(method, path);
        for (const [name, value] of Object.entries({ ...authorization(), "Content-Type": type })) request.setRequestHeader(name, value);
        request.upload.addEventListener("progress", (event) => onProgress?.(event.loaded / Math.max(event.total, 1)));
        request.addEventListener("load", () => {
            let document = {};
            try { document = JSON.parse(request.responseText); } catch { /* What is no JSON has no details. */ }
            if (request.status < 300) return resolve(document);
            const failure = new Problem(request.status, document);
            expire(failure, sent);
            reject(failure);
        });
        request.addEventListener("error", () => reject(new Problem(0, { code: "offline", detail: "The upload broke off: the service does not answer, or refused it before all had gone." })));
        request.addEventListener("abort", () => reject(signal.reason));
        signal?.addEventListener("abort", () => request.abort());
        request.send(file);
    });
}

/** The media type of a file of clips by its name. */
export const clipType = (name) => (/\.npz$/i.test(name) ? "application/x-npz" : "application/x-ndjson");
