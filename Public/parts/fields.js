// Form fields made from the schemas of the service.
import { fill, h, uniqueID } from "../lib/dom.js";
import { setting } from "../lib/format.js";

/** A schema without its null, and the first of its alternatives. */
function plain(schema) {
    const { anyOf, type, ...rest } = schema;
    const first = anyOf?.find((choice) => choice.type !== "null");
    return { ...rest, ...first, description: schema.description ?? first?.description, type: [first?.type ?? type].flat().find((word) => word !== "null") };
}

/** A field of a form for a member of a document, that stands for nothing as long as it is left alone. */
export class Field {
    /** @param pointer where the member is in the document, by which errors find it */
    constructor(name, schema, pointer = `/${name}`, { required = false } = {}) {
        Object.assign(this, { name, pointer, schema: plain(schema), fallback: plain(schema).default, id: uniqueID() });
        this.hint = h("span", { class: "hint", id: `${this.id}-hint` }, this.schema.description, this.range());
        this.fault = h("span", { class: "fault", id: `${this.id}-fault`, role: "alert" });
        this.input = this.makeInput();
        if (required) this.input.required = true;
        this.element = h("div", { class: "field" }, h("label", { for: this.id }, name), this.input, this.hint, this.fault);
        this.input.addEventListener("input", () => this.mark());
        this.showFallback();
    }

    range() {
        const { minimum, maximum } = this.schema;
        if (minimum === undefined || maximum === undefined || maximum > 1e12) return "";
        return ` (${minimum} to ${maximum})`;
    }

    makeInput() {
        const { type, minimum, maximum, pattern } = this.schema;
        const attributes = { id: this.id, name: this.name, "aria-describedby": `${this.id}-hint ${this.id}-fault` };
        if (this.schema.enum || type === "boolean") return h("select", attributes);
        if (type === "integer" || type === "number") {
            return h("input", { ...attributes, type: "number", step: type === "integer" ? "1" : "any", min: minimum, max: maximum > 1e12 ? null : maximum });
        }
        return h("input", { ...attributes, type: "text", pattern: pattern?.replace(/^\^|\$$/g, ""), spellcheck: "false" });
    }

    /** Shows what holds where nothing is said. */
    showFallback() {
        const text = this.fallback === undefined ? "" : setting(this.fallback);
        if (this.input.tagName === "SELECT") {
            const value = this.input.value;
            const words = this.schema.enum ?? [true, false];
            fill(this.input, h("option", { value: "" }, text ? `${text} (default)` : "–"), words.map((word) => h("option", { value: String(word) }, String(word))));
            this.input.value = value;
        } else this.input.placeholder = text;
    }

    setFallback(value) {
        this.fallback = value;
        this.showFallback();
        this.mark();
    }

    /** The value that was given; undefined for none. */
    get value() {
        const text = this.input.value.trim();
        if (text === "") return undefined;
        switch (this.schema.type) {
            case "integer":
            case "number": return Number(text);
            case "boolean": return text === "true";
            case "array": return text === "none" ? [] : text.split(",").map((word) => word.trim());
            default: return text;
        }
    }

    set value(value) {
        this.input.value = value === undefined || value === null ? "" : setting(value);
        this.mark();
    }

    mark() {
        const { value } = this;
        this.element.classList.toggle("changed", value !== undefined && this.fallback !== undefined && JSON.stringify(value) !== JSON.stringify(this.fallback));
        this.setFault("");
    }

    setFault(text) {
        this.fault.textContent = text;
        if (text) this.input.setAttribute("aria-invalid", "true");
        else this.input.removeAttribute("aria-invalid");
    }
}

/** Does something, and shows what it is refused for at the fields, besides throwing it. */
export async function showingFaults(fields, work) {
    try { return await work(); } catch (error) {
        showFaults(fields(), error);
        throw error;
    }
}

/** Shows the errors of a problem at the fields that they are about, and goes to the first. */
function showFaults(fields, problem) {
    let first;
    for (const field of fields) {
        const fault = problem.errors?.find((error) => error.pointer === field.pointer || error.pointer.startsWith(`${field.pointer}/`));
        field.setFault(fault?.detail ?? "");
        if (fault) first ??= field;
    }
    first?.input.closest("details")?.setAttribute("open", "");
    first?.input.focus();
}

/** A document of what fields say, without those that say nothing. */
export const valuesOf = (fields) => Object.fromEntries(fields.map((field) => [field.name, field.value]).filter(([, value]) => value !== undefined));
