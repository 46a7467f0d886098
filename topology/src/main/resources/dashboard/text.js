// Texts as they arrive, each token coloured by how it came.
const MOST_SHOWN = 6;
const HIGH_ENTROPY = 3; // nats

/** The text of one request, from deltas and cycles that may come again after a crash. */
class Generation {
  constructor(id) {
    this.id = id;
    this.text = "";
    this.charsAt = new Map([[0, 0]]); // characters before the token at each offset
    this.cycles = new Map(); // by token offset
    this.end = null;
    this.article = document.createElement("article");
    this.article.className = "generation";
    this.title = this.article.appendChild(document.createElement("h3"));
    this.body = this.article.appendChild(document.createElement("pre"));
  }

  add({ offset, tokens, text }) {
    const start = this.charsAt.get(offset);
    if (start === undefined) return; // began before this page
    if (tokens > 0) this.charsAt.set(offset + tokens, start + text.length);
    if (start + text.length > this.text.length) this.text = this.text.slice(0, start) + text;
  }

  /** Pieces of text with the cycle and the kind of each; what no cycle is known for has neither. */
  pieces() {
    const pieces = [];
    let at = 0;
    let offset = 0;
    for (let cycle; (cycle = this.cycles.get(offset)); offset += cycle.emitted) {
      cycle.chars.forEach((chars, i) => {
        if (chars > 0 && at < this.text.length) {
          const kind = i < cycle.accepted ? "drafted" : cycle.verified > 1 ? "bonus" : "plain";
          pieces.push({ text: this.text.slice(at, at + chars), kind, cycle });
        }
        at += chars;
      });
      if (cycle.emitted === 0) break;
    }
    if (at < this.text.length) pieces.push({ text: this.text.slice(at) });
    return pieces;
  }

  draw() {
    this.body.replaceChildren(...this.pieces().map(({ text, kind, cycle }) => {
      const span = document.createElement("span");
      span.textContent = text;
      if (cycle) {
        span.className = cycle.entropy > HIGH_ENTROPY ? `${kind} uncertain` : kind;
        span.title = describe(cycle);
      }
      return span;
    }));
    const last = [...this.cycles.values()].pop();
    const state = this.end
      ? `${this.end.reason}, ${this.end.tokens} tokens, ${(this.end.acceptance_length ?? 0).toFixed(2)} per pass`
      : last ? describe(last) : "";
    this.title.textContent = `${this.id.slice(0, 24)}  ·  ${state}`;
  }
}

/** One cycle in words. */
export function describe(cycle) {
  const entropy = cycle.entropy == null ? "nothing drafted" : `entropy ${cycle.entropy.toFixed(2)} nats`;
  const bin = cycle.bin >= 0 ? `, bin B${cycle.bin}` : "";
  return `cycle ${cycle.cycle}: ${entropy}${bin}, depth ${cycle.depth}, ${cycle.verified} rows, ${cycle.accepted} accepted`;
}

export class Texts {
  constructor(container) {
    this.container = container;
    this.byId = new Map();
    this.dirty = new Set();
  }

  take(event) {
    if (!event.request) return; // another key's: numbers only
    if (event.type === "end" && !this.byId.has(event.request)) return;
    const generation = this.get(event.request);
    if (event.type === "delta") generation.add(event);
    else if (event.type === "cycle") generation.cycles.set(event.offset, event);
    else generation.end = event;
    if (this.dirty.size === 0) requestAnimationFrame(() => this.draw());
    this.dirty.add(generation);
  }

  get(id) {
    let generation = this.byId.get(id);
    if (!generation) {
      generation = new Generation(id);
      if (this.byId.size === 0) this.container.replaceChildren();
      this.byId.set(id, generation);
      this.container.prepend(generation.article);
      if (this.byId.size > MOST_SHOWN) {
        const all = [...this.byId.values()];
        const leaving = all.find((one) => one.end) ?? all[0];
        this.byId.delete(leaving.id);
        leaving.article.remove();
      }
    }
    return generation;
  }

  draw() {
    this.dirty.forEach((generation) => generation.draw());
    this.dirty.clear();
  }
}
