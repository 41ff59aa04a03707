// Requests to the service, with the key of the session, and its errors as what to do next.
import { key, forgetKey } from "./session.js";

/** What the service answered instead of what was asked for. */
export class Problem extends Error {
    constructor(status, document, retryAfter) {
        super(document.detail || document.title || `the service answered ${status}`);
        this.status = status;
        this.code = document.code ?? "";
        this.errors = document.errors ?? [];
        this.total = document.errors_total ?? this.errors.length;
        this.requestID = document.request_id;
        this.retryAfter = retryAfter;
    }

    /** What one can do about it. */
    get advice() {
        return advice[this.code] ?? advice[this.status] ?? "";
    }
}

const advice = {
    offline: "See whether it runs (limbic serve). This page tries again by itself.",
    missing_token: "Sign in with a key.",
    invalid_token: "Sign in with a key that holds; limbic key create makes one.",
    insufficient_scope: "Sign in with a key of that scope; limbic key create --scope … makes one.",
    too_many_attempts: "Wait, and then sign in with the right key.",
    dataset_mismatch: "Pick a data set with the modalities and labels of the model.",
    unknown_dataset: "Pick another data set; this one may have been deleted.",
    404: "It may have been deleted. Go back to the list.",
    409: "Its state has changed meanwhile: look at it again.",
    412: "Someone else changed it meanwhile. Look at it as it is now, and try again.",
    413: "Send less at a time, or start the service with a larger limit (limbic serve --help).",
    415: "Send JSON, npz or lines of JSON.",
    429: "The service has enough to do; try again a little later.",
    500: "This is a fault of the service: its log says more under the number of this request.",
    503: "It starts, stops, or waits for something: try again in a few seconds.",
    504: "Try again, with more time or fewer clips.",
    507: "Free space on the disk of the service, then try again.",
};

/** The body of an answer as a problem, whatever it is. */
export async function problem(response) {
    const text = await response.text().catch(() => "");
    let document = {};
    try { document = JSON.parse(text); } catch { document = { detail: text.slice(0, 300) }; }
    return new Problem(response.status, document, Number(response.headers.get("Retry-After")) || undefined);
}

/** Header fields of every request. */
export const authorization = () => (key() ? { Authorization: `Bearer ${key()}` } : {});

/** A path with what is put into it encoded: at`/v1/jobs/${id}`. */
export const at = (texts, ...parts) => String.raw({ raw: texts }, ...parts.map(encodeURIComponent));

/** Has one sign in anew where the key that was sent is refused, unless another has come meanwhile. */
export function expire(failure, sent) {
    if (failure.status !== 401 || key() !== sent) return;
    forgetKey();
    document.dispatchEvent(new Event("signin"));
}

/** The response to a request; throws a Problem, also where there is none. */
export async function send(method, path, { body, type, query, headers, signal } = {}) {
    const url = new URL(path, location.origin);
    for (const [name, value] of Object.entries(query ?? {})) {
        if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
    }
    const isRaw = body instanceof Blob || body instanceof ArrayBuffer || typeof body === "string";
    const sent = key();
    let response;
    try {
        response = await fetch(url, {
            method,
            signal,
            headers: {
                ...authorization(),
                ...(body === undefined ? {} : { "Content-Type": type ?? "application/json" }),
                ...headers,
            },
            body: body === undefined || isRaw ? body : JSON.stringify(body),
        });
    } catch (error) {
        if (error.name === "AbortError") throw error;
        setOnline(false);
        throw new Problem(0, { code: "offline", detail: "The service does not answer." });
    }
    setOnline(true);
    if (response.ok || response.status === 304) return response;
    const failure = await problem(response);
    expire(failure, sent);
    throw failure;
}

/** The document that a request is answered with; null for none. */
export async function call(method, path, options) {
    const response = await send(method, path, options);
    return response.status === 204 ? null : response.json();
}

export const get = (path, query, signal) => call("GET", path, { query, signal });
export const post = (path, body, options) => call("POST", path, { ...options, body });

/** All elements of a list, page by page: `size` in the first one, `more` in the others, `limit` in all. */
export async function* pages(path, query, { size = 100, more = size, limit = 2000, signal } = {}) {
    let after = query?.after;
    for (let count = 0; count < limit; ) {
        const page = await get(path, { ...query, limit: count ? more : size, after }, signal);
        yield page.data;
        count += page.data.length;
        if (!page.has_more || page.data.length === 0) return;
        const last = page.data.at(-1);
        after = last.id ?? last.name ?? last.sequence;
    }
}

export async function list(path, query, options) {
    const all = [];
    for await (const page of pages(path, query, options)) all.push(...page);
    return all;
}

let online = true;

function setOnline(value) {
    if (online === value) return;
    online = value;
    document.dispatchEvent(new CustomEvent("online-change", { detail: value }));
}

let description;

/** A schema of the service's own description, by name. */
export async function schema(name) {
    description ??= await get("/openapi.json");
    return description.components.schemas[name];
}
