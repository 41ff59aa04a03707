// A place to drop files on, or to pick them with the keyboard.
import { h, uniqueID } from "../lib/dom.js";

export function dropzone(text, accept, onFiles, { multiple = true } = {}) {
    const id = uniqueID();
    const input = h("input", { type: "file", id, accept, multiple, onchange: () => onFiles([...input.files]) });
    const element = h("div", { class: "drop" }, h("p", null, h("label", { for: id }, text)), input);
    for (const kind of ["dragenter", "dragover"]) {
        element.addEventListener(kind, (event) => {
            event.preventDefault();
            element.classList.add("over");
        });
    }
    element.addEventListener("dragleave", () => element.classList.remove("over"));
    element.addEventListener("drop", (event) => {
        event.preventDefault();
        element.classList.remove("over");
        onFiles([...event.dataTransfer.files]);
    });
    return element;
}
