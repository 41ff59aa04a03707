// Files on their way into the splits of a data set, each with its progress and what is wrong with it.
import { at } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { bytes } from "../lib/format.js";
import { clipType, upload } from "../lib/upload.js";
import { errorBox } from "./ui.js";

export const splits = ["train", "valid", "test"];

/** The split that a file is for by its name; undefined for none. */
export const splitOf = (name) => (/train/i.test(name) ? "train" : /val|dev/i.test(name) ? "valid" : /test/i.test(name) ? "test" : undefined);

/** Uploads files `[split, File]` one after another, shown in `place`. Resolves to whether all were taken. */
export async function uploadSplits(id, files, place, signal) {
    let isGood = true;
    const rows = files.map(([split, file]) => {
        const bar = h("progress", { max: "1", value: 0, "aria-label": `Upload of ${file.name}` });
        const state = h("span", { role: "status" }, "waits");
        const fault = h("div");
        return { split, file, bar, state, fault, element: h("li", null, h("strong", null, split), ` ${file.name}, ${bytes(file.size)} `, bar, " ", state, fault) };
    });
    fill(place, h("ul", null, rows.map((row) => row.element)));
    for (const { split, file, bar, state, fault } of rows) {
        try {
            await upload("PUT", at`/v1/datasets/${id}/splits/${split}`, file, clipType(file.name), {
                signal,
                onProgress: (share) => {
                    bar.value = share;
                    state.textContent = share < 1 ? `${Math.round(100 * share)} %` : "is being checked";
                },
            });
            state.textContent = "taken";
        } catch (error) {
            isGood = false;
            state.textContent = "refused";
            fill(fault, errorBox(error));
        }
    }
    return isGood;
}
