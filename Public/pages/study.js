// One study: its variants over seeds, as tables and as a picture.
import { at, get, post } from "../lib/api.js";
import { fill, h, save } from "../lib/dom.js";
import { metric, number, setting, short, spread } from "../lib/format.js";
import { may } from "../lib/session.js";
import { Course } from "../parts/course.js";
import { overall } from "../parts/metrics-tables.js";
import { spreadPicture } from "../parts/spread-picture.js";
import { plainTable } from "../parts/table.js";
import { action, badge, facts, meter, removal, repeat, section, select } from "../parts/ui.js";
import { isDone } from "./studies.js";

/** What sweeps have figures of. */
const shown = overall.slice(0, 4);

export async function page(view) {
    const [id] = view.parts;
    let sweep;
    let drawn;
    const fault = h("div");
    const head = h("div");
    const body = h("div");
    const split = select("Split", ["test", "valid"], view.query.get("split") ?? "test", (word) => (view.keep({ split: word }), draw()));
    const figure = select("Picture of", shown.map(([member, title]) => [member, title]), view.query.get("metric") ?? "micro_f1", (word) => (view.keep({ metric: word }), draw()));
    const course = new Course(view.signal);
    fill(view.element, head, fault, h("div", { class: "controls" }, split.label, figure.label), body);

    function draw() {
        const title = `${sweep.study ?? "sweep"} of ${sweep.model}`;
        view.title(title);
        fill(head, h("div", { class: "head" }, h("h1", null, title), badge(sweep.status), h("div", { class: "actions" },
            h("a", { class: "button plain", href: `#/compare?sweep=${id}&group=1` }, "Curves of all runs"),
            may("train") && sweep.status === "active" && action("Cancel", fault, async () => { await post(at`/v1/sweeps/${id}/cancel`); await update(); }, { class: "danger" }),
            may("train") && sweep.status === "over" && removal("Delete", fault, "Delete this study with its jobs? Models that came of them stay.", at`/v1/sweeps/${id}`, () => (location.hash = "#/studies")))),
            h("div", { class: "card" }, meter(isDone(sweep), { kind: "tall", label: `${Math.round(100 * isDone(sweep))} % of the jobs are over` }),
            facts([["Jobs", Object.entries(sweep.jobs).filter(([, count]) => count > 0).map(([state, count]) => `${number(count)} ${state}`).join(", ")], ["Seeds", sweep.seeds.join(", ")],
                ["Data set", h("a", { href: `#/datasets/${sweep.dataset}` }, short(sweep.dataset))]])));
        const [part, wanted] = [split.element.value, figure.element.value];
        const best = Object.fromEntries(shown.map(([member, , isLess]) => {
            const means = sweep.cells.map((cell) => cell.metrics[part]?.[member]?.mean).filter(Number.isFinite);
            return [member, isLess ? Math.min(...means) : Math.max(...means)];
        }));
        const runs = (cell) => cell.jobs.map((job) => [h("a", { href: `#/jobs/${job.id}`, title: `${job.status}`, "aria-label": `Seed ${job.seed}, ${job.status}` }, String(job.seed)), " "]);
        const name = shown.find(([member]) => member === wanted)[1];
        const { svg, element } = spreadPicture(sweep.cells.map((cell) => [cell.name, cell.metrics[part]?.[wanted]]), name);
        const first = sweep.cells[0];
        fill(body,
            section("Mean ± deviation over seeds", plainTable(`On the ${part} split; the best mean is in bold, and HL is better when less`, ["Variant", "Runs", ...shown.map(([, title]) => title), "Seeds"],
                sweep.cells.map((cell) => [[cell.name, cell.comment && h("div", { class: "quiet small" }, cell.comment)], `${cell.n} of ${cell.jobs.length}`,
                    ...shown.map(([member]) => ({ content: spread(cell.metrics[part]?.[member]), best: cell.metrics[part]?.[member]?.mean === best[member] })), runs(cell)])),
                action("CSV", fault, () => save(`${short(id)}.csv`, csv(sweep), "text/csv"), { class: "plain" })),
            section(`${name} of the variants`, course.draw(sweep.cells, part, wanted, name) && course.element, element, action("SVG", fault, () => save(`${short(id)}.svg`, svg(), "image/svg+xml"), { class: "plain" })),
            sweep.cells.length > 1 && section(`Differences to ${first.name}, seed by seed`, plainTable(`On the ${part} split: mean ± deviation of the differences of the same seeds, and Student's t`, ["Variant", "Pairs", ...shown.flatMap(([, title]) => [title, "t"])],
                sweep.cells.slice(1).map((cell) => {
                    const of = (member) => cell.differences[part]?.[member];
                    return [cell.name, number(of("micro_f1")?.n), ...shown.flatMap(([member]) => [spread(of(member)), Number.isFinite(of(member)?.t) ? of(member).t.toFixed(2) : "–"])];
                }))),
            section("What sets them apart", plainTable("Hyperparameters of the variants", ["Variant", "Settings"], sweep.cells.map((cell) => [cell.name, Object.entries(cell.hyperparameters).map(([name, value]) => `${name} = ${setting(value)}`).join(", ") || "as all others"]), { numbers: false })));
    }

    async function update() {
        sweep = await get(at`/v1/sweeps/${id}`, {}, view.signal);
        const now = JSON.stringify(sweep);
        const isOver = drawn && sweep.status === "over";
        if (now !== drawn && (isOver || !body.contains(document.activeElement))) draw();
        drawn = now;
    }

    await update();
    repeat(view.signal, 3000, async () => { if (sweep.status === "active") await update(); });
}

function csv(sweep) {
    const lines = sweep.cells.flatMap((cell) => Object.entries(cell.metrics).flatMap(([split, figures]) => Object.entries(figures).map(([name, figure]) =>
        [`"${cell.name.replaceAll('"', '""')}"`, split, name, figure.n, figure.mean, figure.deviation ?? ""].join(","))));
    return ["variant,split,metric,n,mean,deviation", ...lines].join("\n") + "\n";
}
