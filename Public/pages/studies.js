// The list of studies: sweeps over hyperparameters and seeds.
import { list } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { ago, number, short } from "../lib/format.js";
import { may } from "../lib/session.js";
import { Table } from "../parts/table.js";
import { badge, emptyState, meter, repeat } from "../parts/ui.js";

export const isDone = (sweep) => (sweep.jobs.succeeded + sweep.jobs.failed + sweep.jobs.cancelled) / Math.max(sweep.jobs.total, 1);

export async function page(view) {
    view.title("Studies");
    const table = new Table([
        { label: "Study", header: true, sort: (sweep) => sweep.model, cell: (sweep) => h("a", { href: `#/studies/${sweep.id}` }, `${sweep.study ?? "sweep"} of ${sweep.model}`) },
        { label: "Id", cell: (sweep) => h("code", null, short(sweep.id)) },
        { label: "State", sort: (sweep) => sweep.status, cell: (sweep) => badge(sweep.status) },
        { label: "Done", cell: (sweep) => [meter(isDone(sweep)), h("span", { class: "quiet small" }, `${number(sweep.jobs.succeeded)} of ${number(sweep.jobs.total)} have succeeded${sweep.jobs.failed ? `, ${sweep.jobs.failed} failed` : ""}`)] },
        { label: "Seeds", number: true, sort: (sweep) => sweep.seeds.length, cell: (sweep) => number(sweep.seeds.length) },
        { label: "Made", number: true, sort: (sweep) => sweep.created_at, cell: (sweep) => ago(sweep.created_at) },
    ], { caption: "Studies, the newest first" });
    const place = h("div");
    fill(view.element, h("div", { class: "head" }, h("h1", null, "Studies"), h("div", { class: "actions" }, may("train") && h("a", { class: "button", href: "#/studies/new" }, "New study"))), h("div", { class: "card" }, place));
    const show = async () => {
        const sweeps = await list("/v1/sweeps", {}, { signal: view.signal });
        if (sweeps.length === 0) return fill(place, emptyState("No study yet", "A study trains a model in several ways and with several seeds, and compares them: ", h("a", { href: "#/studies/new" }, "start one"), "."));
        table.show(sweeps);
        if (!table.element.isConnected) fill(place, table.element);
    };
    await show();
    repeat(view.signal, 3000, show);
}
