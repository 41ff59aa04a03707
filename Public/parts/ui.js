// Small parts that all pages are made of.
import { Problem, call } from "../lib/api.js";
import { fill, h, uniqueID } from "../lib/dom.js";

/** An error in words, with what to do next. */
export function errorBox(error) {
    if (!(error instanceof Problem)) {
        return h("div", { class: "problem", role: "alert" }, h("strong", null, "This page has a fault. "), String(error.message ?? error));
    }
    const more = error.total - error.errors.length;
    return h("div", { class: "problem", role: "alert" },
        h("strong", null, error.message),
        error.errors.length > 1 && h("ul", null,
            error.errors.map((fault) => h("li", null, fault.pointer && h("code", null, fault.pointer), fault.pointer && ": ", fault.detail)),
            more > 0 && h("li", null, `and ${more} more`)),
        h("div", null, error.retryAfter ? `Try again in ${error.retryAfter} s. ` : "", error.advice),
        error.requestID && h("div", { class: "quiet small" }, "request ", h("code", null, error.requestID)));
}

/** An empty list that says how to fill it. */
export const emptyState = (title, ...what) => h("div", { class: "empty" }, h("strong", null, title), what);

export const badge = (state) => h("span", { class: `badge ${state === "empty" ? "empty-set" : state}` }, state);

/** A share of 1 as a bar; `mark` draws a line, `label` is what is read aloud. */
export function meter(value, { label, mark, kind = "" } = {}) {
    const share = Math.max(0, Math.min(1, value || 0));
    return h("span", { class: `meter ${kind}`, role: "img", "aria-label": label ?? `${Math.round(100 * share)} %` },
        h("span", { style: { width: `${100 * share}%` } }),
        mark !== undefined && h("i", { style: { left: `${100 * mark}%` } }));
}

/** Says something for a while, also to screen readers. */
export function toast(text) {
    const element = h("div", { class: "toast" }, text);
    document.getElementById("toasts").append(element);
    setTimeout(() => element.remove(), 6000);
}

/** Asks before something that cannot be taken back. */
function confirm(question, verb) {
    return new Promise((resolve) => {
        const id = uniqueID();
        const dialog = h("dialog", { "aria-labelledby": id },
            h("p", { id }, question),
            h("form", { method: "dialog", class: "actions" },
                h("button", { class: "danger", value: "yes" }, verb), h("button", { class: "plain", value: "no", autofocus: true }, "Keep it")));
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(dialog.returnValue === "yes");
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}

/** A button that does something that takes time, and says in `place` what went wrong. */
export function action(label, place, work, attributes = {}) {
    const button = h("button", { type: "button", ...attributes }, label);
    button.addEventListener("click", async () => {
        button.disabled = true;
        button.setAttribute("aria-busy", "true");
        try {
            fill(place);
            await work(button);
        } catch (error) {
            if (error.name !== "AbortError") fill(place, errorBox(error));
        } finally {
            button.disabled = false;
            button.removeAttribute("aria-busy");
        }
    });
    return button;
}

/** A button that removes what is at an address, once one has said so. */
export const removal = (verb, place, question, path, onGone, { headers, name } = {}) =>
    action(verb, place, async () => {
        if (!(await confirm(question, verb))) return;
        await call("DELETE", path, { headers });
        await onGone();
    }, { class: "danger", "aria-label": name && `${verb} ${name}` });

/** Has a form sent by `work`, for which its button waits; says in `place` what went wrong. */
export function onSubmit(form, place, work) {
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const button = form.querySelector("[type=submit]");
        button.disabled = true;
        fill(place);
        try { await work(); } catch (error) { fill(place, errorBox(error)); } finally { button.disabled = false; }
    });
}

/** A part of a page with a heading. */
export function section(title, ...children) {
    const id = uniqueID();
    return h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), children);
}

export const facts = (pairs) =>
    h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));

/** A select with a label; options are values or [value, text]. */
export function select(label, options, value, onChange, attributes = {}) {
    const id = attributes.id ?? uniqueID();
    const element = h("select", { id, ...attributes },
        options.map((option) => (Array.isArray(option) ? option : [option, option])).map(([name, text]) => h("option", { value: name }, text)));
    if (value !== undefined && value !== null) element.value = value;
    if (onChange) element.addEventListener("change", () => onChange(element.value));
    return { element, label: h("label", { for: id, class: "inline" }, label, " ", element) };
}

export function checkbox(label, checked, onChange) {
    const element = h("input", { type: "checkbox", onchange: () => onChange(element.checked) });
    element.checked = checked;
    return h("label", { class: "inline" }, element, label);
}

/** Does something now, and again `milliseconds` after it is done, while the page is seen. */
export async function repeat(signal, milliseconds, work) {
    while (!signal.aborted) {
        if (!document.hidden) {
            try { await work(); } catch (error) {
                if (signal.aborted || error.status === 401 || error.status === 403) return;
            }
        }
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
    }
}
