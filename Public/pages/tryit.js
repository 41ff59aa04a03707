// Asking a model about a clip: probabilities with and without its modalities, and which units carried them.
import { at, call, get, list } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { latest } from "../lib/latest.js";
import { clipsOf, readNPZ } from "../lib/npz.js";
import { dropzone } from "../parts/dropzone.js";
import { bars, saliency } from "../parts/prediction.js";
import { may } from "../lib/session.js";
import { action, checkbox, emptyState, errorBox, section, select } from "../parts/ui.js";

export async function page(view) {
    view.title("Try it");
    const models = await list("/v1/models", {}, { signal: view.signal });
    if (models.length === 0) {
        return fill(view.element, h("h1", null, "Try it"), h("div", { class: "card" }, emptyState("No model yet", "Train one first: ", h("a", { href: "#/jobs/new" }, "start a job"), ".")));
    }
    const datasets = may("train") ? await list("/v1/datasets", {}, { signal: view.signal }) : [];
    const [latestModel, latestVersion, latestClip, latestAnswer] = [latest(), latest(), latest(), latest()];
    let chosen;
    let version;
    const off = new Set();
    const fault = h("div");
    const result = h("div");
    const toggles = h("div", { class: "controls", role: "group", "aria-label": "Modalities" });
    const clipChoice = h("div");
    const text = h("textarea", { id: "clip", spellcheck: "false", placeholder: '{"clips": [{"text": [[0.12, -0.53], [0.07, 0.91]], "audio": null}]}' });
    const model = select("Model", models.map((one) => one.name), view.query.get("model") ?? models[0].name, async (name) => (view.keep({ model: name, version: null }), await useModel()));
    const versionChoice = select("Version", [["", "what answers by default"]], "", async (number) => (view.keep({ version: number }), await useVersion()));

    const splitChoice = select("Clips of", [], "");
    let known;

    async function useModel() {
        const answer = await latestModel(get(at`/v1/models/${model.element.value}`, {}, view.signal));
        if (!answer) return;
        known = answer;
        const { versions, aliases } = known;
        fill(versionChoice.element, h("option", { value: "" }, "what answers by default"), Object.keys(aliases).map((alias) => h("option", { value: `@${alias}` }, `@${alias}`)),
            versions.map((one) => h("option", { value: one.version }, `version ${one.version}`)));
        versionChoice.element.value = view.query.get("version") ?? "";
        await useVersion();
    }

    async function useVersion() {
        const word = versionChoice.element.value;
        const number = word.startsWith("@") ? known.aliases[word.slice(1)] : word || (known.aliases.default ?? known.newest);
        const answer = await latestVersion(get(at`/v1/models/${model.element.value}/versions/${number}`, {}, view.signal));
        if (!answer) return;
        version = answer;
        off.clear();
        fill(toggles, h("span", null, "Modalities "), version.modalities.map(({ name }) => checkbox(name, true, (on) => {
            if (on) off.delete(name);
            else off.add(name);
            if (chosen) predict();
        })));
        showSplits();
        if (chosen) await predict();
    }

    /** Asks for the clip as it is and, where modalities are off, also without them. */
    async function predict() {
        const query = { version: versionChoice.element.value };
        const { labels, clip } = chosen;
        version.modalities.forEach(({ name }, index) => (toggles.querySelectorAll("input")[index].disabled = !clip[name]));
        const without = { ...clip };
        for (const name of off) without[name] = null;
        const asked = off.size > 0 ? [clip, without] : [clip];
        const body = { clips: asked, explain: version.hyperparameters.atm !== "off", ...(version.tuned_thresholds && { threshold: "tuned" }) };
        try {
            fill(fault);
            const answer = await latestAnswer(call("POST", at`/v1/models/${model.element.value}/predict`, { body, query, signal: view.signal }));
            if (!answer) return;
            const wrong = answer.predictions.find((prediction) => prediction.error);
            if (wrong) return fill(fault, h("p", { class: "notice", role: "alert" }, wrong.error.detail));
            const [whole, rest] = answer.predictions;
            fill(result, section(`What ${answer.model.name} version ${answer.model.version} says`, bars(version, whole, rest, labels),
                h("p", { class: "quiet small" }, `Computed in ${answer.timing.compute_ms} ms. Missing: ${(rest ?? whole).missing.join(", ") || "nothing"}.`)),
                (rest ?? whole).saliency && section("Which units carried it", saliency((rest ?? whole).saliency)));
        } catch (error) {
            fill(fault, errorBox(error));
        }
    }

    /** Offers the clips of a source: its name, how many there are, and `clipAt(index)`, which gives `{clip, labels}`. */
    async function offer({ name, count, clipAt }) {
        const label = h("span", { class: "quiet" });
        const number = h("input", { type: "number", min: "0", max: count - 1, value: 0, "aria-label": `Clip of ${name}` });
        const choose = async () => {
            const picked = await latestClip(clipAt(Math.max(0, Math.min(count - 1, Number(number.value)))));
            if (!picked) return;
            chosen = picked;
            label.textContent = `of ${count} (0 to ${count - 1}): ${chosen.clip.id ?? "without a name"}`;
            await predict();
        };
        number.addEventListener("change", () => choose().catch((error) => fill(fault, errorBox(error))));
        fill(clipChoice, h("div", { class: "controls" }, h("span", null, `Clip of ${name}`), number, label));
        await choose();
    }

    const offerAll = (name, clips) => offer({ name, count: clips.length, clipAt: async (index) => clips[index] });
    /** Offers the clips of a split that the service has. */
    const offerSplit = async (set, split) =>
        offer({ name: `${set.name}, ${split}`, count: set.splits[split].report.clips, clipAt: async (first) => {
            const { id, labels, ...units } = (await get(at`/v1/datasets/${set.id}/splits/${split}/clips`, { first }, view.signal)).data[0];
            return { labels, clip: { id: id ?? String(first), ...Object.fromEntries(version.modalities.map(({ name }) => [name, units[name]])) } };
        } });

    /** Splits of the data sets that have what the model takes; that of the model itself comes first. */
    function showSplits() {
        const fitting = datasets.filter((set) => version.modalities.every(({ name, feature_size: size }) => set.modalities?.some((one) => one.name === name && one.feature_size === size)))
            .sort((one, other) => (other.id === version.dataset) - (one.id === version.dataset));
        const places = fitting.flatMap((set) => ["test", "valid", "train"].filter((split) => set.splits[split]).map((split) => [set, split]));
        fill(splitChoice.element, h("option", { value: "" }, "…"), places.map(([set, split], index) => h("option", { value: index }, `${set.name}, ${split}`)));
        splitChoice.element.onchange = () => splitChoice.element.value && offerSplit(...places[splitChoice.element.value]).catch((error) => fill(fault, errorBox(error)));
        splitChoice.label.hidden = places.length === 0;
    }

    async function take([file]) {
        fill(fault);
        try {
            if (/\.npz$/i.test(file.name)) return await offerAll(file.name, clipsOf(await readNPZ(await file.arrayBuffer())));
            text.value = await file.text();
            await takeText(file.name);
        } catch (error) {
            fill(fault, h("p", { class: "notice", role: "alert" }, `${file.name}: ${error.message}.`));
        }
    }

    async function takeText(name = "the text") {
        const parsed = parse(text.value);
        const all = (Array.isArray(parsed) ? parsed : parsed.clips ?? [parsed]).map(({ labels, ...clip }) => ({ clip, labels: Array.isArray(labels) && labels.every(Number.isFinite) ? labels : undefined }));
        if (all.length === 0) throw new Error("there is no clip in it");
        await offerAll(name, all);
    }

    fill(view.element, h("div", { class: "head" }, h("h1", null, "Try it")),
        h("div", { class: "card" },
            h("div", { class: "controls" }, model.label, versionChoice.label, splitChoice.label),
            dropzone("Or drop an npz of a split, or JSON, here, or pick it", ".npz,.json,.jsonl,.ndjson", take, { multiple: false }),
            h("details", null, h("summary", null, "Or paste a clip as JSON"), h("label", { for: "clip" }, "A clip, or clips as a request holds them"), text,
                action("Ask", fault, () => takeText())),
            clipChoice, toggles), fault, result);
    await useModel();
}

/** JSON, or lines of it. Throws an Error that says what is wrong. */
function parse(text) {
    try { return JSON.parse(text); } catch (error) {
        const lines = text.trim().split("\n");
        if (lines.length > 1) return lines.map((line) => JSON.parse(line));
        throw new Error(`it is no JSON: ${error.message}`);
    }
}
