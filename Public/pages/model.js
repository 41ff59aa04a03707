// One model: its versions, the aliases that name them, and two versions measured on the same clips.
import { at, call, get, post, send } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { ago, metric, short } from "../lib/format.js";
import { may } from "../lib/session.js";
import { comparison } from "../parts/version-comparison.js";
import { plainTable } from "../parts/table.js";
import { action, badge, removal, section, select, toast } from "../parts/ui.js";

export async function page(view) {
    const [name] = view.parts;
    view.title(name);
    const [model, states] = await Promise.all([get(at`/v1/models/${name}`, { limit: 200 }, view.signal), post("/v2/repository/index", {})]);
    const state = (version) => states.find((one) => one.name === name && one.version === String(version))?.state ?? "UNAVAILABLE";
    const aliasesOf = (version) => Object.entries(model.aliases).filter(([, number]) => number === version).map(([alias]) => alias);
    const fault = h("div");
    const repository = (verb, label, done) => action(label, fault, async () => {
        await post(at`/v2/repository/models/${name}/${verb}`, {});
        toast(done);
        await page(view);
    }, { class: "plain" });
    fill(view.element,
        h("div", { class: "head" }, h("h1", null, name), h("div", { class: "actions" }, h("a", { class: "button", href: `#/try?model=${name}` }, "Try it"),
            may("admin") && [repository("load", "Load", "It is in memory."), repository("unload", "Unload", "It answers nothing until it is loaded.")])),
        fault,
        section("Versions", plainTable("The newest first", ["Version", "Aliases", "State", "Valid miF1", "Test miF1", "Test maF1", "Test HL", "Seed", "Came of", "Made"],
            model.versions.map((version) => [h("a", { href: `#/models/${name}/${version.version}` }, `version ${version.version}`), aliasesOf(version.version).map((alias) => [h("span", { class: "tag" }, `@${alias}`), " "]), badge(state(version.version)),
                metric(version.metrics?.valid.micro_f1), metric(version.metrics?.test?.micro_f1), metric(version.metrics?.test?.macro_f1), metric(version.metrics?.test?.hamming_loss), String(version.seed ?? "–"),
                version.job ? h("a", { href: `#/jobs/${version.job}` }, short(version.job), version.checkpoint ? `, step ${version.checkpoint.step}` : "") : "weights brought in", ago(version.created_at)]))),
        section("Aliases", await aliases(view, model, fault)),
        section("Compare versions on a data set", await comparison(view, model)));
}

async function aliases(view, model, fault) {
    const path = (alias) => at`/v1/models/${model.name}/aliases/${alias}`;
    // What someone else has moved since this page was drawn is not moved once more.
    const tags = new Map(await Promise.all(Object.keys(model.aliases).map(async (alias) => [alias, (await send("GET", path(alias))).headers.get("ETag")])));
    const versions = model.versions.map((version) => [version.version, `version ${version.version}`]);
    const set = async (alias, version) => {
        const tag = tags.get(alias);
        await call("PUT", path(alias), { body: { version: Number(version) }, headers: tag ? { "If-Match": tag } : { "If-None-Match": "*" } });
        toast(`@${alias} names version ${version}.`);
        await page(view);
    };
    const rows = Object.entries(model.aliases).map(([alias, version]) => {
        const choice = select(`Version of ${alias}`, versions, version);
        choice.label.firstChild.textContent = "";
        choice.element.setAttribute("aria-label", `Version of ${alias}`);
        return [`@${alias}`, `version ${version}`, may("train") ? h("span", { class: "actions" }, choice.label,
            action("Move", fault, () => set(alias, choice.element.value), { class: "plain", "aria-label": `Move ${alias}` }),
            removal("Remove", fault, `Remove the alias ${alias}? Requests for it will be refused.`, path(alias), () => page(view), { name: alias, headers: { "If-Match": tags.get(alias) } })) : ""];
    });
    const name = h("input", { "aria-label": "Name of the alias", placeholder: "default", pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}" });
    const choice = select("names", versions, versions[0]?.[0]);
    return [h("p", { class: "quiet" }, "Clients ask for ?version=@alias; default is what answers where no version is named, else the newest."),
        rows.length > 0 && plainTable("Aliases", ["Alias", "Names", "Change"], rows, { numbers: false }),
        may("train") && h("div", { class: "controls" }, h("span", null, "New alias "), name, choice.label, action("Set", fault, () => set(name.value.trim() || "default", choice.element.value)))];
}
