"use strict";
// The layout of treemap.py, in the page: an array [x, y, width, height] for each weight.
// Weights are above zero, the largest first.
function squarify(weights, x, y, width, height) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const rects = [];
  if (!total) return rects;
  const scale = width * height / total;
  const areas = weights.map(weight => weight * scale);
  const ratio = (side, row, largest, smallest) => {
    const across = side * side, along = row * row;
    if (!(across && along && smallest)) return Infinity;
    return Math.max(across * largest / along, along / (across * smallest));
  };
  let start = 0;
  while (start < areas.length) {
    const side = Math.min(width, height);
    let end = start, row = 0, worst = 0, largest = 0, smallest = Infinity;
    for (; end < areas.length; end++) {
      largest = Math.max(largest, areas[end]);
      smallest = Math.min(smallest, areas[end]);
      const next = ratio(side, row + areas[end], largest, smallest);
      if (end > start && next > worst) break;
      worst = next;
      row += areas[end];
    }
    const upright = width >= height;
    const depth = side ? Math.min(row / side, upright ? width : height) : 0;
    let offset = 0;
    for (let place = start; place < end; place++) {
      const length = row ? side * areas[place] / row : 0;
      rects.push(upright ? [x, y + offset, depth, length] : [x + offset, y, length, depth]);
      offset += length;
    }
    if (upright) { x += depth; width = Math.max(0, width - depth); }
    else { y += depth; height = Math.max(0, height - depth); }
    start = end;
  }
  return rects;
}
