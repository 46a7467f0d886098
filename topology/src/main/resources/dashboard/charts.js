// Charts of the last cycles of the whole cluster.
import uPlot from "/dashboard/uPlot.js";

const MOST_CYCLES = 400;
const BINS = 8;
const HEIGHT = 220;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Between bins b and b + 1: the middle of the highest entropy seen at or below b and the lowest above. */
export function thresholds(cycles) {
  const low = Array(BINS).fill(Infinity);
  const high = Array(BINS).fill(-Infinity);
  for (const { bin, entropy } of cycles) {
    if (bin >= 0 && entropy != null) {
      low[bin] = Math.min(low[bin], entropy);
      high[bin] = Math.max(high[bin], entropy);
    }
  }
  const found = [];
  for (let bin = 0; bin + 1 < BINS; bin++) {
    if (high[bin] > -Infinity && low[bin + 1] < Infinity) found.push((high[bin] + low[bin + 1]) / 2);
  }
  return found;
}

/** What the fixed tree costs: eagle3's own cycles, or those of HeteroSpec's last bin, which it leaves as they are. */
export function fixedTree(cycles) {
  const fixed = cycles.filter((c) => c.mode === "eagle3" || (c.mode === "heterospec" && c.bin === BINS - 1));
  if (fixed.length === 0) return null;
  return { depth: Math.max(...fixed.map((c) => c.depth)), verified: Math.max(...fixed.map((c) => c.verified)) };
}

const axes = () => [0, 1].map((side) => ({
  side: side === 0 ? 2 : 3,
  stroke: colour("faint"),
  grid: { stroke: colour("line"), width: 1 },
  ticks: { stroke: colour("line"), width: 1 },
  size: side === 0 ? 34 : 42,
}));

export class Charts {
  constructor() {
    this.cycles = [];
    this.bins = Array.from({ length: BINS }, () => ({ cycles: 0, tokens: 0 }));
    this.count = 0;
    this.plots = [];
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.build());
    addEventListener("resize", () => this.build());
    this.build();
    setInterval(() => this.draw(), 250);
  }

  take(cycle) {
    cycle.number = ++this.count;
    this.cycles.push(cycle);
    if (this.cycles.length > MOST_CYCLES) this.cycles.shift();
    if (cycle.bin >= 0 && cycle.bin < BINS) {
      this.bins[cycle.bin].cycles++;
      this.bins[cycle.bin].tokens += cycle.emitted;
    }
    this.fresh = true;
  }

  build() {
    this.plots.forEach((plot) => plot.destroy());
    const plot = (id, options) => {
      const place = document.getElementById(id);
      return new uPlot({
        width: place.clientWidth, height: HEIGHT, axes: axes(), cursor: { show: false },
        legend: { show: options.series.length > 2, live: false }, ...options,
      }, options.series.map(() => []), place);
    };
    const count = { x: { time: false } };
    this.entropy = plot("entropy-chart", {
      scales: { ...count, y: { range: (u, min, max) => [0, Math.max(1, max ?? 1) * 1.05] } },
      series: [{}, { label: "entropy", stroke: colour("accent"), width: 1, points: { show: true, size: 4 } }],
      hooks: { draw: [(u) => this.drawThresholds(u)] },
    });
    this.acceptance = plot("acceptance-chart", {
      scales: { x: { time: false, range: [-0.6, BINS - 0.4] }, y: { range: (u, min, max) => [0, Math.max(1, max ?? 1) * 1.1] } },
      axes: axes().map((axis, side) => (side === 0
        ? { ...axis, splits: [...Array(BINS).keys()], values: (u, at) => at.map((bin) => `B${bin}`) }
        : axis)),
      series: [{}, { label: "tokens per pass", stroke: colour("drafted"), fill: colour("drafted-back"), width: 1.5,
        paths: uPlot.paths.bars({ size: [0.7, 60] }), points: { show: false } }],
    });
    const line = (label, name, dash) => ({ label, stroke: colour(name), width: dash ? 1 : 1.5, dash, points: { show: false } });
    this.cost = plot("cost-chart", {
      scales: { ...count, y: { range: (u, min, max) => [0, Math.max(1, max ?? 1) * 1.1] } },
      series: [{}, line("verified rows", "bonus"), line("fixed tree's rows", "bonus", [6, 4]),
        line("depth", "accent"), line("fixed tree's depth", "accent", [6, 4])],
    });
    this.plots = [this.entropy, this.acceptance, this.cost];
    this.fresh = true;
    this.draw();
  }

  drawThresholds(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.strokeStyle = colour("bonus");
    ctx.setLineDash([4, 4]);
    for (const threshold of thresholds(this.cycles)) {
      const y = u.valToPos(threshold, "y", true);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  draw() {
    if (!this.fresh) return;
    this.fresh = false;
    const { cycles } = this;
    const x = cycles.map((c) => c.number);
    this.entropy.setData([x, cycles.map((c) => c.entropy)]);
    this.acceptance.setData([[...this.bins.keys()],
      this.bins.map((bin) => (bin.cycles === 0 ? null : bin.tokens / bin.cycles))]);
    const fixed = fixedTree(cycles);
    this.cost.setData([x, cycles.map((c) => c.verified), x.map(() => fixed?.verified ?? null),
      cycles.map((c) => c.depth), x.map(() => fixed?.depth ?? null)]);
    const mean = (name) => (cycles.reduce((sum, c) => sum + c[name], 0) / cycles.length).toFixed(1);
    document.getElementById("cost-note").textContent = cycles.length === 0
      ? "For each cycle, beside what the fixed tree takes."
      : `Mean depth ${mean("depth")}, rows ${mean("verified")}; `
        + (fixed ? `the fixed tree's ${fixed.depth} and ${fixed.verified}.`
          : "the fixed tree has not been seen: ask with mode eagle3.");
  }
}
