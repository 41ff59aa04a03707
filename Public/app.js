// The page as a whole: who is signed in, which view the address names, and what is the same in all views.
import { get } from "./lib/api.js";
import { fill, h } from "./lib/dom.js";
import { access, forgetKey, key, may } from "./lib/session.js";
import { errorBox } from "./parts/ui.js";
import { signIn } from "./pages/signin.js";

/** Patterns of the address behind #/, the part of the navigation they belong to, and their modules. */
const routes = [
    [/^jobs$/, "jobs", "jobs"],
    [/^jobs\/new$/, "jobs", "submit"],
    [/^jobs\/([^/]+)$/, "jobs", "job"],
    [/^compare$/, "jobs", "compare"],
    [/^datasets$/, "datasets", "datasets"],
    [/^datasets\/([^/]+)$/, "datasets", "dataset"],
    [/^models$/, "models", "models"],
    [/^models\/([^/]+)$/, "models", "model"],
    [/^models\/([^/]+)\/(\d+)$/, "models", "version"],
    [/^try$/, "try", "tryit"],
    [/^studies$/, "studies", "studies"],
    [/^studies\/new$/, "studies", "study-new"],
    [/^studies\/([^/]+)$/, "studies", "study"],
    [/^system$/, "system", "system"],
];

const main = document.getElementById("main");
let leaving = new AbortController();

/** What a page gets: its element, the parts and parameters of the address, and a signal of when it is left. */
class View {
    constructor(element, parts, query, signal) {
        Object.assign(this, { element, parts, query, signal });
    }

    /** Keeps parameters in the address, so that a link to it reopens the view as it is. */
    keep(changes) {
        if (this.signal.aborted) return;
        for (const [name, value] of Object.entries(changes)) {
            if (value === null || value === undefined || value === "" || value === false) this.query.delete(name);
            else this.query.set(name, value === true ? "1" : value);
        }
        const query = this.query.toString();
        history.replaceState(null, "", location.hash.split("?")[0] + (query ? `?${query}` : ""));
    }

    title(text) {
        document.title = `${text} · Limbic`;
    }
}

async function show() {
    leaving.abort();
    leaving = new AbortController();
    const { signal } = leaving;
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
    const match = routes.map(([pattern, section, module]) => ({ section, module, parts: path.match(pattern) })).find((route) => route.parts);
    if (!match) return location.replace(may("train") ? "#/jobs" : "#/try");
    for (const link of document.querySelectorAll("#navigation a")) {
        if (link.hash === `#/${match.section}`) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    }
    const element = h("div");
    try {
        const view = new View(element, match.parts.slice(1).map(decodeURIComponent), new URLSearchParams(query), signal);
        const { page } = await import(`./pages/${match.module}.js`);
        if (signal.aborted) return;
        fill(main, element);
        await page(view);
    } catch (error) {
        if (signal.aborted || error.status === 401) return;
        console.warn(error);
        fill(main, h("h1", null, "This view cannot be shown"), errorBox(error), h("button", { type: "button", onclick: show }, "Try again"));
    }
}

async function start() {
    let needsKey = false;
    try {
        Object.assign(access, { keyRequired: true, scopes: [] });
        const { key_required: keyRequired, scopes } = await get("/v1/access");
        Object.assign(access, { keyRequired, scopes });
        needsKey = scopes.length === 0;
    } catch (error) {
        if (error.status !== 401) {
            fill(main, h("h1", null, "Limbic"), errorBox(error));
            return setTimeout(start, 3000);
        }
        needsKey = true;
    }
    const greatest = access.scopes.at(-1);
    document.getElementById("access").textContent = greatest && access.keyRequired ? `key for ${greatest}` : greatest ? "no key needed" : "";
    document.getElementById("sign-out").hidden = !key();
    document.getElementById("navigation").hidden = needsKey;
    for (const link of document.querySelectorAll("#navigation [data-scope]")) link.hidden = !may(link.dataset.scope);
    if (needsKey) {
        leaving.abort();
        return signIn(main, start);
    }
    await show();
}

window.addEventListener("hashchange", () => access.scopes.length && show().then(() => main.focus({ preventScroll: true })));
document.addEventListener("key", start);
document.addEventListener("signin", () => access.scopes.length && start());
document.addEventListener("online-change", ({ detail }) => {
    const bar = document.getElementById("offline");
    bar.hidden = detail;
    bar.textContent = detail ? "" : "The service does not answer. Trying again …";
});
document.getElementById("sign-out").addEventListener("click", () => {
    forgetKey();
    start();
});
const systemTheme = matchMedia("(prefers-color-scheme: dark)");
systemTheme.addEventListener("change", () => document.dispatchEvent(new Event("theme")));
document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : systemTheme.matches;
    root.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    document.dispatchEvent(new Event("theme"));
});
document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
});
start();
