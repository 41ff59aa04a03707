// Signing in with a key, which stays in this tab.
import { get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { setKey } from "../lib/session.js";
import { onSubmit } from "../parts/ui.js";

/** Shows the form; `onDone` is called once a key was taken. */
export function signIn(main, onDone) {
    document.title = "Sign in · Limbic";
    const input = h("input", { id: "key", type: "password", autocomplete: "current-password", required: true, spellcheck: "false" });
    const fault = h("div", { role: "alert" });
    const form = h("form", { class: "card signin" },
        h("h1", null, "Sign in"),
        h("p", { class: "quiet" }, "This service takes a key. ", h("code", null, "limbic key create --scope admin"), " on its machine makes one."),
        fault,
        h("p", null, h("label", { for: "key" }, "Key"), input),
        h("button", { type: "submit" }, "Sign in"),
        h("p", { class: "quiet small" }, "It is kept in this tab, and forgotten with it."));
    onSubmit(form, fault, async () => {
        setKey(input.value.trim());
        input.select();
        await get("/v1/access");
        onDone();
    });
    fill(main, form);
    input.focus();
}
