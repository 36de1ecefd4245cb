// Takes over what the page shows already: tables that can be searched, sorted and turned over, and
// the treemap. Texts out of the image go into the page as text nodes and nothing else.
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const texts = page.texts;
  const SEVERITIES = ["", "low", "medium", "high", "critical"];
  const PAGE_ROWS = 100;
  const PRINTED_ROWS = 1000;
  const number = value => value.toLocaleString("en-US");

  function size(bytes) {
    const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let unit = 0;
    while (bytes >= 999.5 && unit < units.length - 1) { bytes /= 1000; unit++; }
    return `${bytes.toFixed(unit && bytes < 99.5 ? 1 : 0)} ${units[unit]}`;
  }

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null) node.setAttribute(name, value);
    }
    node.append(...children.filter(child => child !== null));
    return node;
  }

  // ---------------------------------------------------------------- tables

  class Table {
    constructor(spec) {
      this.spec = spec;
      this.columns = spec.columns;
      this.rows = spec.rows;
      this.page = 0;
      this.sorted = null;
      this.chosen = new Map();
      this.holder = document.getElementById(`table-${spec.id}`);
      this.words = [];
      if (!this.holder) return;
      this.body = this.holder.querySelector("tbody");
      this.largest = spec.bars === null ? 0 : Math.max(1, ...this.rows.map(r => r[spec.bars] || 0));
      for (const note of this.holder.querySelectorAll(".static")) note.remove();
      this.heads();
      this.holder.before(this.tools());
      this.holder.append(this.pager = el("div", {class: "pager"}));
      this.apply();
    }

    value(row, column) {
      const cell = row[column];
      if (this.columns[column].kind === "detail") return cell[0];
      return this.columns[column].shared && cell !== null ? texts[cell] : cell;
    }

    heads() {
      this.holder.querySelectorAll("thead th").forEach((head, column) => {
        const label = head.textContent;
        head.replaceChildren(el("button", {type: "button", onclick: () => this.sort(column)}, label));
      });
    }

    tools() {
      const tools = el("div", {class: "tools"});
      if (this.rows.length > 5) {
        const label = `Filter ${this.spec.noun[1]}`;
        this.input = el("input", {
          type: "search", placeholder: label, "aria-label": label, spellcheck: "false",
          autocomplete: "off", oninput: () => { this.page = 0; this.apply(); },
        });
        tools.append(this.input);
      }
      this.columns.forEach((column, place) => {
        if (column.facet) tools.append(...this.chips(place));
      });
      this.status = el("p", {class: "status", role: "status"});
      tools.append(this.status);
      return tools;
    }

    chips(column) {
      const counts = new Map();
      for (const row of this.rows) counts.set(row[column], (counts.get(row[column]) || 0) + 1);
      if (counts.size < 2) return [];
      const values = [...counts.keys()];
      const severity = this.columns[column].kind === "severity";
      if (severity) values.sort((a, b) => b - a);
      const chosen = new Set();
      this.chosen.set(column, chosen);
      const group = el("div", {class: "chips", role: "group", "aria-label": this.columns[column].label});
      for (const value of values.slice(0, 24)) {
        const text = severity ? SEVERITIES[value] : texts[value];
        group.append(el("button", {
          type: "button", "aria-pressed": "false", class: severity ? `chip ${text}` : "chip",
          onclick: event => {
            const on = !chosen.has(value);
            if (on) chosen.add(value); else chosen.delete(value);
            event.currentTarget.setAttribute("aria-pressed", on);
            this.page = 0;
            this.apply();
          },
        }, text, el("span", {}, number(counts.get(value)))));
      }
      return [group];
    }

    haystack(place) {
      if (this.words[place] === undefined) {
        const row = this.rows[place];
        this.words[place] = this.columns
          .map((column, at) => column.kind === "severity" ? SEVERITIES[row[at]] : this.value(row, at))
          .join("\n").toLowerCase();
      }
      return this.words[place];
    }

    sort(column) {
      const figures = ["size", "count", "severity"].includes(this.columns[column].kind);
      const same = this.sorted && this.sorted.column === column;
      this.sorted = {column, down: same ? !this.sorted.down : figures};
      this.holder.querySelectorAll("thead th").forEach((head, at) => {
        if (at === column) head.setAttribute("aria-sort", this.sorted.down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      this.page = 0;
      this.apply();
    }

    apply() {
      const wanted = this.input ? this.input.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
      const sets = [...this.chosen].filter(([, chosen]) => chosen.size);
      let found = [];
      for (let place = 0; place < this.rows.length; place++) {
        const row = this.rows[place];
        if (!sets.every(([column, chosen]) => chosen.has(row[column]))) continue;
        if (wanted.length) {
          const words = this.haystack(place);
          if (!wanted.every(word => words.includes(word))) continue;
        }
        found.push(place);
      }
      if (this.sorted) {
        const {column, down} = this.sorted;
        const keys = new Map(found.map(place => [place, this.value(this.rows[place], column)]));
        const order = (a, b) => {
          const x = keys.get(a), y = keys.get(b);
          if (x === y) return a - b;
          if (x === null || y === null) return x === null ? 1 : -1;
          return (x < y) === down ? 1 : -1;
        };
        found.sort(order);
      }
      this.found = found;
      this.show();
    }

    show(limit = PAGE_ROWS) {
      const first = this.page * PAGE_ROWS;
      const shown = this.found.slice(first, first + limit);
      this.body.replaceChildren(...shown.map(place => this.row(this.rows[place])));
      const all = this.found.length, rows = this.rows.length;
      const noun = this.spec.noun[rows === 1 ? 0 : 1];
      this.status.textContent = all === rows ? "" : `${number(all)} of ${number(rows)} ${noun}`;
      this.pager.replaceChildren();
      if (all > PAGE_ROWS) {
        const turn = (text, step, possible) => el("button", {
          type: "button", disabled: !possible,
          onclick: () => { this.page += step; this.show(); this.holder.scrollIntoView({block: "start"}); },
        }, text);
        const last = first + shown.length;
        this.pager.append(
          turn("Previous", -1, first > 0),
          el("span", {}, `${number(first + 1)} to ${number(last)} of ${number(all)}`),
          turn("Next", 1, last < all),
        );
      }
    }

    row(row) {
      return el("tr", {}, ...this.columns.map((column, at) =>
        el("td", {class: column.kind, "data-label": column.label}, this.cell(column, row, at))));
    }

    cell(column, row, at) {
      const value = this.value(row, at);
      if (value === null) return el("span", {class: "none"}, "-");
      switch (column.kind) {
        case "severity": return el("span", {class: `severity ${SEVERITIES[value]}`}, SEVERITIES[value]);
        case "count": return number(value);
        case "size": return at === this.spec.bars ? this.bar(value) : size(value);
        case "detail": return this.detail(row[at]);
      }
      if (at === this.spec.links && map && map.find(value) !== null) {
        return el("button", {
          type: "button", class: "path", title: "Show in the map", onclick: () => map.show(value),
        }, value);
      }
      return value;
    }

    bar(value) {
      const bar = el("span", {class: "bar"}, el("i"));
      bar.firstChild.style.width = `${100 * value / this.largest}%`;
      return el("span", {class: "sized"}, bar, size(value));
    }

    detail([text, ...pairs]) {
      const list = el("dl");
      for (let at = 0; at < pairs.length; at += 2) {
        list.append(el("dt", {}, texts[pairs[at]]), el("dd", {}, texts[pairs[at + 1]]));
      }
      return el("details", {}, el("summary", {}, text), list);
    }
  }

  // --------------------------------------------------------------- the map

  class Tree {
    constructor(data) {
      Object.assign(this, data);
      const count = this.name.length;
      this.parent = new Int32Array(count);
      this.first = new Int32Array(count);
      let next = 1;
      for (let node = 0; node < count; node++) {
        this.first[node] = next;
        for (let end = next + this.kids[node]; next < end; next++) this.parent[next] = node;
      }
      this.parent[0] = -1;
      this.files = new Map(this.rest);
      this.folder = node => this.kids[node] > 0;
      this.totals = [this.sum(() => true), this.fate ? this.sum(node => !this.fate[node]) : null];
      this.sides = [this.mark(this.marks), this.mark(this.marks.filter(mark => !mark[4]))];
    }

    sum(counts) {
      const totals = new Float64Array(this.name.length);
      for (let node = totals.length - 1; node >= 0; node--) {
        if (!this.kids[node] && counts(node)) totals[node] += this.size[node];
        if (node) totals[this.parent[node]] += totals[node];
      }
      return totals;
    }

    // A finding about a folder colours what is in it when it is about most of its bytes.
    mark(marks) {
      const count = this.name.length, found = new Map();
      const worst = new Uint8Array(count), covers = new Uint8Array(count);
      for (const [node, severity, bytes, text] of marks) {
        worst[node] = Math.max(worst[node], severity);
        if (!found.has(node)) found.set(node, []);
        found.get(node).push(text);
        if (this.folder(node) && 2 * bytes >= this.totals[0][node]) {
          covers[node] = Math.max(covers[node], severity);
        }
      }
      for (let node = 1; node < count; node++) {
        covers[node] = Math.max(covers[node], covers[this.parent[node]]);
        if (!this.folder(node)) worst[node] = Math.max(worst[node], covers[node]);
      }
      const below = Uint8Array.from(worst);
      for (let node = count - 1; node > 0; node--) {
        below[this.parent[node]] = Math.max(below[this.parent[node]], below[node]);
      }
      return {marks, worst, below, found};
    }

    children(node, totals) {
      const below = [];
      for (let at = this.first[node]; at < this.first[node] + this.kids[node]; at++) {
        if (totals[at]) below.push(at);
      }
      return below.sort((a, b) => totals[b] - totals[a] || a - b);
    }

    *leaves(node) {
      const stack = [node];
      while (stack.length) {
        const at = stack.pop();
        if (!this.kids[at]) { yield at; continue; }
        for (let kid = this.first[at]; kid < this.first[at] + this.kids[at]; kid++) stack.push(kid);
      }
    }

    label(node) {
      if (!node) return "/";
      if (this.name[node]) return this.names[this.name[node] - 1];
      const files = this.files.get(node) || 0;
      return `${number(files)} smaller ${files === 1 ? "file" : "files"}`;
    }

    path(node) {
      const parts = [];
      for (; node > 0; node = this.parent[node]) parts.push(this.label(node));
      return `/${parts.reverse().join("/")}`;
    }

    find(path) {
      if (!path.startsWith("/")) return null;
      let node = 0;
      for (const part of path.split("/").filter(Boolean)) {
        const end = this.first[node] + this.kids[node];
        let at = this.first[node];
        while (at < end && (!this.name[at] || this.names[this.name[at] - 1] !== part)) at++;
        if (at === end) return null;
        node = at;
      }
      return node;
    }
  }

  // Ways to colour a file: the key it is grouped by, what a key is called, and a fixed colour if
  // there is one. Keys without one get the colours of the largest groups in view.
  const MODES = {
    fate: {
      label: "Change",
      key: (tree, node) => tree.fate[node],
      name: (tree, key) => key ? `removed: ${tree.fates[key]}` : "kept",
      fixed: key => key ? null : "--kept",
    },
    layer: {
      label: "Layer",
      key: (tree, node) => tree.layer[node],
      name: (tree, key) => key < 0 ? "several layers" : `layer ${key}`,
      fixed: key => key < 0 ? "--other" : null,
    },
    package: {
      label: "Package",
      key: (tree, node) => tree.package[node],
      name: (tree, key) => key < 0 ? "several packages" : key ? tree.packages[key - 1] : "no package",
      fixed: key => key < 0 ? "--other" : key ? null : "--unowned",
    },
    finding: {
      label: "Finding",
      key: (tree, node) => tree.side.worst[node],
      name: (tree, key) => key ? SEVERITIES[key] : "nothing found",
      fixed: key => key ? `--${SEVERITIES[key]}` : "--kept",
    },
  };
  const GROUPS = 7;
  const HEAD = 18, GAP = 2, LEAST = 3;

  class TreeMap {
    constructor(tree, section) {
      this.tree = tree;
      this.node = 0;
      this.after = false;
      this.mode = tree.fate ? "fate" : "layer";
      this.section = section;
      this.build();
      new ResizeObserver(() => this.draw()).observe(this.frame);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
      this.go(0);
    }

    get totals() { return this.tree.totals[this.after ? 1 : 0]; }

    find(path) { return this.tree.find(path); }

    build() {
      const modes = Object.keys(MODES).filter(mode => mode !== "fate" || this.tree.fate);
      const choices = modes.map(mode => [MODES[mode].label, () => { this.mode = mode; this.go(this.node); }]);
      this.crumbs = el("nav", {class: "crumbs", "aria-label": "Folder"});
      this.canvas = el("canvas", {role: "img"});
      this.cursor = el("div", {class: "cursor", hidden: true});
      this.tip = el("div", {class: "tip", hidden: true});
      this.frame = el("div", {class: "frame"}, this.canvas, this.cursor);
      this.legend = el("ul", {class: "legend"});
      this.list = el("ul", {class: "largest"});
      const controls = el("div", {class: "controls"}, this.crumbs);
      if (this.tree.fate) {
        controls.append(this.choice("Image", [
          ["Before", () => { this.after = false; this.go(this.node); }],
          ["After", () => { this.after = true; this.go(this.node); }],
        ]));
      }
      controls.append(this.choice("Colour by", choices));
      const old = this.section.querySelector("svg");
      if (old) old.remove();
      this.section.append(controls,
        el("div", {class: "map"}, el("div", {class: "field"}, this.frame, this.legend), this.list), this.tip);
      this.canvas.addEventListener("mousemove", event => this.point(event));
      this.canvas.addEventListener("mouseleave", () => this.leave());
      this.canvas.addEventListener("click", event => this.click(event));
      this.section.addEventListener("keydown", event => {
        if (event.key === "Escape" && this.node) this.go(this.tree.parent[this.node]);
      });
    }

    choice(label, choices) {
      const group = el("div", {class: "choice", role: "group", "aria-label": label}, el("span", {}, label));
      choices.forEach(([text, act], at) => group.append(el("button", {
        type: "button", "aria-pressed": String(at === 0),
        onclick: event => {
          for (const button of group.querySelectorAll("button")) {
            button.setAttribute("aria-pressed", String(button === event.currentTarget));
          }
          act();
        },
      }, text)));
      return group;
    }

    go(node, focus = null) {
      this.node = node;
      this.focus = focus;
      this.tree.side = this.tree.sides[this.after ? 1 : 0];
      this.colours();
      this.trail();
      this.largest();
      this.draw();
    }

    // A path out of a table: its folder, and a frame around it.
    show(path) {
      const node = this.tree.find(path);
      const folder = this.tree.folder(node) ? node : Math.max(0, this.tree.parent[node]);
      this.go(folder, node);
      this.section.scrollIntoView({block: "start"});
    }

    trail() {
      const nodes = [];
      for (let node = this.node; node >= 0; node = this.tree.parent[node]) nodes.unshift(node);
      const parts = nodes.flatMap((node, at) => [
        at > 1 ? el("span", {class: "slash"}, "/") : " ",
        at === nodes.length - 1
          ? el("b", {"aria-current": "true"}, this.tree.label(node))
          : el("button", {type: "button", onclick: () => this.go(node)}, this.tree.label(node)),
      ]);
      this.crumbs.replaceChildren(...parts, el("span", {class: "sum"}, size(this.totals[this.node])));
    }

    // The same as the picture, for the keyboard and for who does not see it.
    largest() {
      const totals = this.totals, kids = this.tree.children(this.node, totals);
      const all = totals[this.node] || 1;
      const items = kids.slice(0, 14).map(kid => {
        const name = this.tree.label(kid);
        const bar = el("span", {class: "bar"}, el("i"));
        bar.firstChild.style.width = `${100 * totals[kid] / all}%`;
        const label = this.tree.folder(kid)
          ? el("button", {type: "button", onclick: () => this.go(kid)}, `${name}/`)
          : el("span", {class: "name"}, name);
        const worst = SEVERITIES[this.tree.side.below[kid]];
        if (worst) label.append(el("span", {class: `dot ${worst}`, title: `${worst}: findings in here`}));
        return el("li", {
          onmouseenter: () => this.frameOf(kid), onmouseleave: () => this.leave(),
        }, label, el("span", {class: "amount"}, size(totals[kid])), bar);
      });
      if (kids.length > 14) {
        const rest = kids.slice(14).reduce((sum, kid) => sum + totals[kid], 0);
        items.push(el("li", {class: "others"},
          el("span", {class: "name"}, `${number(kids.length - 14)} more`),
          el("span", {class: "amount"}, size(rest))));
      }
      this.list.replaceChildren(...items);
    }

    // The largest groups in view have a colour of their own each.
    colours() {
      const mode = MODES[this.mode], sums = new Map();
      for (const leaf of this.tree.leaves(this.node)) {
        if (!this.totals[leaf]) continue;
        const key = mode.key(this.tree, leaf);
        sums.set(key, (sums.get(key) || 0) + this.totals[leaf]);
      }
      this.palette = new Map();
      const order = [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a) || a - b);
      let free = 0, others = 0;
      for (const key of order) {
        const fixed = mode.fixed(key);
        if (fixed) this.palette.set(key, fixed);
        else if (free < GROUPS) this.palette.set(key, `--group-${++free}`);
        else others += sums.get(key);
      }
      if (this.mode === "layer") this.inOrder();
      const keys = [...this.palette.keys()];
      if (this.mode === "finding") keys.sort((a, b) => b - a);
      const entry = (colour, name, bytes) => {
        const swatch = el("i");
        swatch.style.background = `var(${colour})`;
        return el("li", {}, swatch, el("span", {}, name), el("b", {}, size(bytes)));
      };
      const entries = keys.map(key => entry(this.palette.get(key), mode.name(this.tree, key), sums.get(key)));
      if (others) entries.push(entry("--other", "others", others));
      this.legend.replaceChildren(...entries);
    }

    // Layers keep their colours from folder to folder as long as there are few of them.
    inOrder() {
      if (this.tree.layers > GROUPS) return;
      for (const key of [...this.palette.keys()].sort((a, b) => a - b)) {
        const colour = this.palette.get(key);
        this.palette.delete(key);
        this.palette.set(key, key < 0 ? colour : `--group-${key + 1}`);
      }
    }

    colour(node) {
      return this.paint(this.palette.get(MODES[this.mode].key(this.tree, node)) || "--other");
    }

    ink(node) {
      const colour = this.palette.get(MODES[this.mode].key(this.tree, node));
      const inks = {
        "--kept": "--kept-ink", "--low": "--low-box-ink",
        "--critical": "--strong-ink", "--high": "--strong-ink",
      };
      return inks[colour] || "--box-ink";
    }

    paint(name) {
      if (!this.paints.has(name)) this.paints.set(name, this.style.getPropertyValue(name).trim());
      return this.paints.get(name);
    }

    draw() {
      const width = this.frame.clientWidth, height = this.frame.clientHeight;
      if (!width || !height) return;
      const scale = devicePixelRatio || 1;
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
      this.canvas.setAttribute("aria-label",
        `Map of ${this.tree.path(this.node)}, ${size(this.totals[this.node])}. The list beside it says the same.`);
      this.style = getComputedStyle(document.documentElement);
      this.paints = new Map();
      this.context = this.canvas.getContext("2d");
      this.context.setTransform(scale, 0, 0, scale, 0, 0);
      this.context.fillStyle = this.paint("--map");
      this.context.fillRect(0, 0, width, height);
      this.font = this.style.getPropertyValue("--sans");
      this.boxes = [];
      this.hits = new Map();
      this.inside(this.node, 0, 0, width, height);
      this.dots();
      this.canvas.dataset.boxes = this.boxes.length;
      this.leave();
    }

    inside(folder, x, y, width, height) {
      const kids = this.tree.children(folder, this.totals);
      const rects = squarify(kids.map(kid => this.totals[kid]), x, y, width, height);
      kids.forEach((kid, at) => this.box(kid, ...rects[at]));
    }

    box(node, x, y, width, height) {
      if (width < LEAST || height < LEAST) {
        if (width * height > 1) this.fill(node, x, y, width, height, 0);
        return;
      }
      this.boxes.push([node, x, y, width, height]);
      this.hits.set(node, this.boxes.length - 1);
      if (!this.tree.folder(node)) {
        this.fill(node, x, y, width, height, 1);
        this.label(node, x, y, width, height, false);
      } else if (width > 44 && height > HEAD + 22) {
        this.context.fillStyle = this.paint("--folder");
        this.context.fillRect(x + .5, y + .5, width - 1, height - 1);
        const [inner, name] = this.chain(node);
        this.label(node, x, y, width, HEAD, true, name);
        this.inside(inner, x + GAP, y + HEAD, width - 2 * GAP, height - HEAD - GAP);
      } else {
        if (width * height < 400) this.fill(node, x, y, width, height, 0);
        this.inside(node, x, y, width, height);
      }
    }

    // Folders with next to nothing in them but one other folder share its heading.
    chain(node) {
      let name = this.tree.label(node);
      for (;;) {
        const largest = this.tree.children(node, this.totals)[0];
        if (!this.tree.folder(largest) || this.totals[largest] < .995 * this.totals[node]) break;
        node = largest;
        name += `/${this.tree.label(node)}`;
      }
      return [node, name];
    }

    fill(node, x, y, width, height, gap) {
      while (this.tree.folder(node)) node = this.tree.children(node, this.totals)[0];
      this.context.fillStyle = this.colour(node);
      if (width < 8 || height < 8) gap /= 2;
      this.context.fillRect(x + gap / 2, y + gap / 2, width - gap, height - gap);
    }

    label(node, x, y, width, height, folder, name = this.tree.label(node)) {
      if (width < 34 || height < 13) return;
      const context = this.context;
      context.font = `${folder ? 600 : 400} 11px ${this.font}`;
      context.textBaseline = "middle";
      context.fillStyle = this.paint(folder ? "--folder-ink" : this.ink(node));
      const room = width - 9;
      const bytes = size(this.totals[node]);
      const cut = this.shorten(name, room);
      if (!cut) return;
      context.fillText(cut, x + 5, y + 9.5);
      const taken = context.measureText(cut).width;
      if (folder && cut === name && taken + 12 + context.measureText(bytes).width < room) {
        context.font = `400 11px ${this.font}`;
        context.fillStyle = this.paint("--dim");
        context.fillText(bytes, x + 5 + taken + 7, y + 9.5);
      } else if (!folder && height > 30 && context.measureText(bytes).width < room) {
        context.fillText(bytes, x + 5, y + 23);
      }
    }

    shorten(text, room) {
      if (text.length > 80) text = text.slice(0, 80);
      if (this.context.measureText(text).width <= room) return text;
      let low = 0, high = text.length;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (this.context.measureText(text.slice(0, middle) + "\u2026").width <= room) low = middle;
        else high = middle - 1;
      }
      return low > 2 ? text.slice(0, low) + "\u2026" : "";
    }

    // What is wrong with a file does not depend on its size: small ones get a dot.
    dots() {
      if (this.mode !== "finding") return;
      const spots = new Map();
      for (const [node, severity] of this.tree.side.marks) {
        let at = node;
        while (at > this.node && !this.hits.has(at)) at = this.tree.parent[at];
        if (!this.within(node)) continue;
        const box = this.hits.has(at) ? this.boxes[this.hits.get(at)] : null;
        if (!box || (at === node && box[3] > 16 && box[4] > 16 && !this.tree.folder(node))) continue;
        if (!(spots.get(at) >= severity)) spots.set(at, severity);
      }
      for (const [at, severity] of spots) {
        const [, x, y, width, height] = this.boxes[this.hits.get(at)];
        const folder = this.tree.folder(at);
        this.context.beginPath();
        this.context.arc(folder ? x + width - 10 : x + width / 2, folder && height > HEAD ? y + 9 : y + height / 2, 4.5, 0, 7);
        this.context.fillStyle = this.paint(`--${SEVERITIES[severity]}`);
        this.context.fill();
        this.context.lineWidth = 1.5;
        this.context.strokeStyle = this.paint("--surface");
        this.context.stroke();
      }
    }

    within(node) {
      while (node > this.node) node = this.tree.parent[node];
      return node === this.node;
    }

    at(event) {
      const frame = this.canvas.getBoundingClientRect();
      const x = event.clientX - frame.left, y = event.clientY - frame.top;
      for (let place = this.boxes.length - 1; place >= 0; place--) {
        const [node, left, top, width, height] = this.boxes[place];
        if (x >= left && x < left + width && y >= top && y < top + height) return node;
      }
      return null;
    }

    point(event) {
      const node = this.at(event);
      if (node === null) return this.leave();
      this.frameOf(node);
      this.describe(node);
      const {clientWidth, clientHeight} = document.documentElement;
      const wide = this.tip.offsetWidth, high = this.tip.offsetHeight;
      const x = event.clientX + 16 + wide > clientWidth ? event.clientX - wide - 12 : event.clientX + 16;
      const y = event.clientY + 16 + high > clientHeight ? event.clientY - high - 12 : event.clientY + 16;
      this.tip.style.left = `${Math.max(4, x)}px`;
      this.tip.style.top = `${Math.max(4, y)}px`;
    }

    describe(node) {
      const tree = this.tree, lines = [el("b", {}, tree.path(node))];
      const share = 100 * this.totals[node] / (this.totals[0] || 1);
      lines.push(el("span", {}, `${size(this.totals[node])}, ${share.toFixed(share < 10 ? 1 : 0)}% of all`));
      if (!tree.folder(node)) {
        lines.push(el("span", {}, [MODES.layer, MODES.package]
          .map(mode => mode.name(tree, mode.key(tree, node))).join(", ")));
        if (tree.fate) lines.push(el("span", {}, MODES.fate.name(tree, tree.fate[node])));
      }
      const found = tree.side.found.get(node) || [];
      for (const text of found.slice(0, 4)) lines.push(el("span", {class: "found"}, text));
      if (found.length > 4) lines.push(el("span", {class: "found"}, `and ${found.length - 4} more findings`));
      this.tip.replaceChildren(...lines);
      this.tip.hidden = false;
    }

    frameOf(node) {
      const place = this.hits.get(node);
      this.cursor.hidden = place === undefined;
      if (place === undefined) return;
      const [, x, y, width, height] = this.boxes[place];
      Object.assign(this.cursor.style, {
        left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px`,
      });
    }

    leave() {
      this.tip.hidden = true;
      this.cursor.hidden = true;
      if (this.focus !== null) this.frameOf(this.focus);
    }

    click(event) {
      const node = this.at(event);
      if (node === null) return;
      const folder = this.tree.folder(node) ? node : this.tree.parent[node];
      if (folder !== this.node) this.go(folder);
    }
  }

  // ------------------------------------------------------------- beginning

  document.documentElement.classList.add("live");
  const section = document.getElementById("filesystem");
  const map = section && page.tree.name.length > 1 ? new TreeMap(new Tree(page.tree), section) : null;
  const tables = page.tables.map(spec => new Table(spec)).filter(table => table.holder);
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("paper");
    for (const table of tables) { table.page = 0; table.show(PRINTED_ROWS); }
    for (const details of document.querySelectorAll("details")) details.open = true;
    if (map) map.draw();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("paper");
    for (const table of tables) table.show();
    if (map) map.draw();
  });
  document.documentElement.dataset.ready = tables.reduce((sum, table) => sum + table.rows.length, 0);
})();
