// Curves of many jobs in the same charts.
import { list } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { Curves } from "../parts/curves.js";
import { emptyState } from "../parts/ui.js";

export async function page(view) {
    view.title("Compare jobs");
    const sweep = view.query.get("sweep");
    let ids = sweep
        ? (await list("/v1/jobs", { sweep }, { signal: view.signal })).reverse().map((job) => job.id)
        : (view.query.get("jobs") ?? "").split(",").filter(Boolean);
    const remove = (id) => {
        ids = ids.filter((one) => one !== id);
        view.keep({ jobs: ids.join(","), sweep: null });
        curves.show(ids);
    };
    const curves = new Curves(view, remove);
    fill(view.element,
        h("div", { class: "head" }, h("h1", null, "Compare jobs"), h("span", { class: "quiet" }, `${ids.length} jobs`), h("div", { class: "actions" }, h("a", { class: "button plain", href: sweep ? `#/studies/${sweep}` : "#/jobs" }, "Pick others"))),
        h("div", { class: "card" }, ids.length ? curves.element : emptyState("Nothing to compare", "Tick jobs in ", h("a", { href: "#/jobs" }, "the list"), ".")));
    if (ids.length) await curves.show(ids);
}
