// Keys: who may ask for what.
import { at, list, post } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { ago, number } from "../lib/format.js";
import { access, setKey } from "../lib/session.js";
import { Table } from "./table.js";
import { emptyState, onSubmit, removal, section, select } from "./ui.js";

/** All keys, with a form for another one. */
export async function keys(view) {
    const fault = h("div");
    const place = h("div");
    const table = new Table([
        { label: "Name", header: true, sort: (key) => key.name, cell: (key) => key.name ?? h("span", { class: "quiet" }, "none") },
        { label: "Id", cell: (key) => h("code", null, key.id) },
        { label: "Scopes", cell: (key) => key.scopes.join(", ") },
        { label: "Requests a minute", number: true, cell: (key) => (key.rate_limit ? number(key.rate_limit) : "as the service has it") },
        { label: "Made", number: true, sort: (key) => key.created_at, cell: (key) => ago(key.created_at) },
        { label: "Last used", number: true, sort: (key) => key.last_used_at, cell: (key) => (key.last_used_at ? ago(key.last_used_at) : "never") },
        { label: "", cell: (key) => (key.revoked_at ? h("span", { class: "bad" }, "revoked") : removal("Revoke", fault, `Revoke the key ${key.name ?? key.id}? Who uses it is refused from now on.`, at`/v1/keys/${key.id}`, show, { name: key.name ?? key.id })) },
    ], { caption: "Keys, the newest first" });
    const name = h("input", { id: "key-name", maxlength: "200", placeholder: "app" });
    const isFirst = !access.keyRequired;
    const scope = select("for", isFirst ? ["admin"] : ["predict", "train", "admin"]);
    const form = h("form", { class: "controls" }, h("label", { for: "key-name", class: "inline" }, "New key ", name), scope.label, h("button", { type: "submit" }, "Make"),
        isFirst && h("span", { class: "quiet" }, "The first key closes the service. It is for admin: without one, nobody could make others here."));
    onSubmit(form, fault, async () => {
        const key = await post("/v1/keys", { scopes: [scope.element.value], ...(name.value && { name: name.value }) });
        reveal(key.key);
        if (!isFirst) return show();
        // The service is closed from now on, to this tab as well.
        setKey(key.key);
        document.dispatchEvent(new Event("key"));
    });

    async function show() {
        const all = await list("/v1/keys", {}, { signal: view.signal });
        table.show(all);
        fill(place, all.length ? table.element : emptyState("No keys", "Everyone who reaches the service may ask for everything."));
    }

    await show();
    return section("Keys", fault, form, place);
}

/** Shows the secret of a key until one says to have it, whatever becomes of the page behind. */
function reveal(secret) {
    const dialog = h("dialog", { "aria-label": "The new key", oncancel: (event) => event.preventDefault(), onclose: () => dialog.remove() },
        h("p", null, "Keep this key now, it is not shown again:"), h("p", null, h("code", null, secret)),
        h("form", { method: "dialog", class: "actions" }, h("button", null, "I have it")));
    document.body.append(dialog);
    dialog.showModal();
}
