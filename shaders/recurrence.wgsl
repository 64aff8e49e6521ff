// The two sweeps through time of a recurrent layer, for any cell. Rows of a batch never depend on each other.
//   forward    gate_t + h_{t−1}·U, from which the cell makes h_t
//   backward   dh_t = dOutput_t + what later steps pass back, then the cell makes dgate_t in the place of gate_t
// tile.wgsl, cell.wgsl, the cell's own file, sweep.wgsl and step.wgsl stand in front.
// CPU twin: src/reference/recurrence.ts
//
// `unrolled`: one dispatch a step, `step` says which. Else fused: a workgroup owns all columns of its rows and loops over
// time; its threads pass h (or dgate) on through storage, with a barrier between steps.
// `apart`: the last gate's recurrent product goes to `candidate`, plus recurrentBias, for the cell to combine.
// `second`: the last gate's recurrent product is not of h but of what the cell put into `candidate`.
//
// columnThreads, rowThreads   the workgroup
// tileRows, tileColumns  what a thread computes, columns in vec4f
// summed                how many gates take the product with h into their sum
// lastGate              forward: the sums of the gates before it go to the cell through `gate`, its own goes by itself
// sweepSteps            fused: steps of the sweep; backward one more where dh_0 is wanted

var<storage, read> recurrentWeight: array<Weight>; // [H, G·H]
#if oneHot
var<storage, read> bias: array<vec4f>; // [G·H]
fn biasAt(at: u32) -> vec4f { return bias[at]; }
#endif
#if unrolled
var<uniform> step: u32;
#endif

// The rows that a thread loads. Rows past the batch repeat the last one; they are never stored.
#if single
fn rowsLoaded(place: Place, n: u32) -> u32 { return place.row; }
#else
fn rowsLoaded(place: Place, n: u32) -> vec4u {
  return min(rowLoaded(place, n) + vec4u(0u, 1u, 2u, 3u), vec4u(batch - 1u));
}
#endif

// Rows 4·k … 4·k + 3 of U at vec4 column `column`; of Uᵀ, where U's rows are those columns and k counts its vec4s.
#if forward
fn blockOfWeight(k: u32, column: u32) -> mat4x4f {
  let at = 4u * k * gates * width + column;
  let next = gates * width;
  return mat4x4f(
    vec4f(recurrentWeight[at]),
    vec4f(recurrentWeight[at + next]),
    vec4f(recurrentWeight[at + 2u * next]),
    vec4f(recurrentWeight[at + 3u * next]),
  );
}
#else
fn blockOfWeight(k: u32, column: u32) -> mat4x4f {
  let at = 4u * column * gates * width + k;
  let next = gates * width;
  return transpose(mat4x4f(
    vec4f(recurrentWeight[at]),
    vec4f(recurrentWeight[at + next]),
    vec4f(recurrentWeight[at + 2u * next]),
    vec4f(recurrentWeight[at + 3u * next]),
  ));
}
#endif

// A thread's elements: number e is in column e mod 2 and row e / 2 of its blocks.
const count = tileRows * tileColumns;
#if single
fn elementAt(sums: ptr<function, Sums>, e: u32) -> vec4f { return (*sums)[e]; }
fn rowOf(place: Place, e: u32) -> u32 { return place.row; }
#else
fn elementAt(sums: ptr<function, Sums>, e: u32) -> vec4f { return (*sums)[2u * (e / 8u) + e % 2u][e / 2u % 4u]; }
fn rowOf(place: Place, e: u32) -> u32 { return rowComputed(place, e / 8u) + e / 2u % 4u; }
#endif
fn columnOf(place: Place, e: u32) -> u32 { return place.column + e % tileColumns; }

const allInside = batch % (tileRows * rowThreads) == 0u && width % (tileColumns * columnThreads) == 0u;
fn isInside(row: u32, column: u32) -> bool { return allInside || (row < batch && column < width); }

#if candidate
fn candidateBlock(at: vec4u, k: u32) -> mat4x4f {
  return mat4x4f(vec4f(candidate[at.x + k]), vec4f(candidate[at.y + k]), vec4f(candidate[at.z + k]), vec4f(candidate[at.w + k]));
}

fn addCandidateProduct(tile: ptr<function, Tile>, t: u32, place: Place) {
  let at0 = (t * batch + rowsLoaded(place, 0u)) * width;
  let at1 = (t * batch + rowsLoaded(place, 1u)) * width;
  for (var k = 0u; k < width; k++) {
#if forward
    let b0 = blockOfWeight(k, summed * width + place.column);
    let b1 = blockOfWeight(k, summed * width + place.column + 1u);
#else
    let b0 = blockOfWeight(summed * width + k, place.column);
    let b1 = blockOfWeight(summed * width + k, place.column + 1u);
#endif
#if tall
    addProduct(tile, Rows(candidateBlock(at0, k), candidateBlock(at1, k)), b0, b1);
#elif single
    addProduct(tile, Rows(vec4f(candidate[at0 + k])), b0, b1);
#else
    addProduct(tile, Rows(candidateBlock(at0, k)), b0, b1);
#endif
  }
}
#endif

#if forward
fn hiddenBlock(at: vec4u, k: u32) -> mat4x4f {
  return mat4x4f(vec4f(hidden[at.x + k]), vec4f(hidden[at.y + k]), vec4f(hidden[at.z + k]), vec4f(hidden[at.w + k]));
}

fn addHiddenProduct(tile: ptr<function, Tile>, i: u32, g: u32, place: Place) {
  let at0 = (slabBefore(i) * batch + rowsLoaded(place, 0u)) * stride + offset;
  let at1 = (slabBefore(i) * batch + rowsLoaded(place, 1u)) * stride + offset;
  for (var k = 0u; k < width; k++) {
    let b0 = blockOfWeight(k, g * width + place.column);
    let b1 = blockOfWeight(k, g * width + place.column + 1u);
#if tall
    addProduct(tile, Rows(hiddenBlock(at0, k), hiddenBlock(at1, k)), b0, b1);
#elif single
    addProduct(tile, Rows(vec4f(hidden[at0 + k])), b0, b1);
#else
    addProduct(tile, Rows(hiddenBlock(at0, k)), b0, b1);
#endif
  }
}

// All products but the last gate's.
fn productStep(i: u32, place: Place) {
  for (var g = 0u; g < lastGate; g++) {
    var tile = Tile();
    addHiddenProduct(&tile, i, g, place);
    var sums = sumsOf(tile);
    for (var e = 0u; e < count; e++) {
      let r = rowOf(place, e);
      let c = columnOf(place, e);
      if (isInside(r, c)) {
        gate[elementOf(i, r, c).gate + g * width] = stored(fromInput(i, r, g * width + c) + elementAt(&sums, e));
      }
    }
  }
#if apart
  var apartTile = Tile();
  addHiddenProduct(&apartTile, i, summed, place);
  var apartSums = sumsOf(apartTile);
  for (var e = 0u; e < count; e++) {
    let r = rowOf(place, e);
    let c = columnOf(place, e);
    if (isInside(r, c)) { candidate[elementOf(i, r, c).time] = stored(elementAt(&apartSums, e) + recurrentBias[c]); }
  }
#endif
}

// The last product, from whose sums the cell goes on.
fn cellStep(i: u32, place: Place) {
  var tile = Tile();
#if second
  addCandidateProduct(&tile, timeOf(i), place);
#else
  addHiddenProduct(&tile, i, lastGate, place);
#endif
  var sums = sumsOf(tile);
  for (var e = 0u; e < count; e++) {
    let r = rowOf(place, e);
    let c = columnOf(place, e);
    if (isInside(r, c)) {
      let element = elementOf(i, r, c);
      let last = fromInput(i, r, lastGate * width + c) + elementAt(&sums, e);
#if second
      stepForward(i, u32(lengths[r]), element, last + recurrentBias[c]);
#else
      stepForward(i, u32(lengths[r]), element, last);
#endif
    }
  }
}

#if second
fn candidateStep(i: u32, place: Place) {
  for (var e = 0u; e < count; e++) {
    let r = rowOf(place, e);
    let c = columnOf(place, e);
    if (isInside(r, c)) { cellCandidate(elementOf(i, r, c)); }
  }
}

fn firstPhase(i: u32, place: Place) {
  productStep(i, place);
  candidateStep(i, place);
}

fn secondPhase(i: u32, place: Place) { cellStep(i, place); }
#else
fn firstPhase(i: u32, place: Place) {
  productStep(i, place);
  cellStep(i, place);
}
#endif
#else

fn gateBlock(at: vec4u, k: u32) -> mat4x4f {
  return mat4x4f(vec4f(gate[at.x + k]), vec4f(gate[at.y + k]), vec4f(gate[at.z + k]), vec4f(gate[at.w + k]));
}

// dgate of step i times Uᵀ, over the gates from `first` on, `last` not included.
fn addGateProduct(tile: ptr<function, Tile>, i: u32, first: u32, last: u32, place: Place) {
  let at0 = (timeOf(i) * batch + rowsLoaded(place, 0u)) * gates * width;
  let at1 = (timeOf(i) * batch + rowsLoaded(place, 1u)) * gates * width;
  for (var k = first * width; k < last * width; k++) {
    let b0 = blockOfWeight(k, place.column);
    let b1 = blockOfWeight(k, place.column + 1u);
#if tall
    addProduct(tile, Rows(gateBlock(at0, k), gateBlock(at1, k)), b0, b1);
#elif single
    addProduct(tile, Rows(vec4f(gate[at0 + k])), b0, b1);
#else
    addProduct(tile, Rows(gateBlock(at0, k)), b0, b1);
#endif
  }
}

// dh after step s − 1, and the cell's gradients of that step. s = 0: dh_0 alone.
fn firstPhase(s: u32, place: Place) {
  var tile = Tile();
  if (s < steps) {
    addGateProduct(&tile, s, 0u, summed, place);
#if apart
    addCandidateProduct(&tile, timeOf(s), place);
#endif
  }
  var sums = sumsOf(tile);
  for (var e = 0u; e < count; e++) {
    let r = rowOf(place, e);
    let c = columnOf(place, e);
    if (isInside(r, c)) {
      let length = u32(lengths[r]);
      let known = elementAt(&sums, e) + fromAbove(s, r, length, c);
      stepBackward(s, length, elementOf(s, r, c), elementOf(s - 1u, r, c), known);
    }
  }
}

#if second
// What the last gate's product passes back: dcandidate = dgate · Uᵀ of step s − 1.
fn secondPhase(s: u32, place: Place) {
  if (s > 0u) {
    var tile = Tile();
    addGateProduct(&tile, s - 1u, summed, gates, place);
    var sums = sumsOf(tile);
    for (var e = 0u; e < count; e++) {
      let r = rowOf(place, e);
      let c = columnOf(place, e);
      if (isInside(r, c)) { carry[r * width + c] += cellCandidateBackward(elementOf(s - 1u, r, c), elementAt(&sums, e)); }
    }
  }
}
#endif
#endif

@compute @workgroup_size(columnThreads, rowThreads)
fn sweep(
  @builtin(global_invocation_id) id: vec3u,
#if quads
  @builtin(subgroup_invocation_id) invocation: u32,
#endif
) {
#if quads
  let place = Place(tileRows * id.y, tileColumns * id.x, invocation % 4u);
#else
  let place = Place(tileRows * id.y, tileColumns * id.x, 0u);
#endif
#if unrolled
#if phaseTwo
  secondPhase(step, place);
#else
  firstPhase(step, place);
#endif
#else
  for (var n = 0u; n < sweepSteps; n++) {
#if forward
    let s = n;
#else
    let s = steps - n;
#endif
    firstPhase(s, place);
    storageBarrier();
#if second
    secondPhase(s, place);
    storageBarrier();
#endif
  }
#endif
}
