// The tree of module calls: what is folded and unfolded. See graph/calls.py.

// More members than this are grouped by the order in which they ran.
const MANY = 240, CHUNK = 60;

let calls = 0;

function newCall(parent, fields) {
  return Object.assign({
    uid: calls++, parent: parent, members: [], open: false, kind: "call", path: null, level: -1, number: 1,
    phase: "", operations: 0, parameters: 0, first: Infinity, last: 0, output: null, title: "", level_: null,
  }, fields);
}

// Builds the tree: {root, home: the call of each node, attached: the reader of each leaf that has only one}.
function buildTree(graph, classes, repeats) {
  const root = newCall(null, { open: true });
  const made = new Array(graph.calls.length).fill(null);
  const home = new Array(graph.nodes.length).fill(null);
  function callAt(index) {
    const fresh = [];
    while (index >= 0 && !made[index]) {
      fresh.push(index);
      index = parentOf(index);
    }
    let call = index < 0 ? root : made[index];
    for (const each of fresh.reverse()) {
      const data = graph.calls[each];
      const inner = newCall(call, {
        path: data.path, level: data.path ? data.path.split(".").length : 0, number: data.number || 1,
        phase: data.phase || "", title: classes[data.path] || "",
      });
      call.members.push(inner);
      made[each] = call = inner;
    }
    return call;
  }
  const parentOf = function (index) {
    const parent = graph.calls[index].parent;
    return parent === undefined ? -1 : parent;
  };
  graph.nodes.forEach(function (node, id) {
    if (node.kind !== "op" && node.kind !== "module") return;
    const call = callAt(node.call === undefined ? -1 : node.call);
    call.members.push(id);
    home[id] = call;
  });
  for (const run of repeats) groupRepeat(run.map(function (index) { return made[index]; }));
  groupLong(root, home);
  const attached = placeLeaves(graph, home, root);
  countUp(graph, root);
  return { root: root, home: home, attached: attached };
}

// Put equal sibling calls into one that says how many they are.
function groupRepeat(run) {
  const parent = run[0].parent, last = run[run.length - 1];
  const group = newCall(parent, {
    kind: "repeat", path: run[0].path, lastPath: last.path, times: run.length, level: run[0].level, title: run[0].title,
    phase: run[0].phase, members: run,
  });
  parent.members.splice(parent.members.indexOf(run[0]), run.length, group);
  for (const call of run) call.parent = group;
}

// Cut what ran in one call into groups, so that no level is too large to look at.
function groupLong(root, home) {
  const stack = [root];
  while (stack.length) {
    const call = stack.pop();
    while (call.members.length > MANY) {
      const members = [];
      for (let at = 0; at < call.members.length; at += CHUNK) {
        const part = call.members.slice(at, at + CHUNK);
        const group = newCall(call, { kind: "group", level: call.level + 1, members: part, phase: call.phase });
        for (const member of part) {
          if (typeof member === "number") home[member] = group;
          else member.parent = group;
        }
        members.push(group);
      }
      call.members = members;
    }
    for (const member of call.members) if (typeof member !== "number") stack.push(member);
  }
}

// A leaf is at home where its readers meet; an input outside of all calls.
function placeLeaves(graph, home, root) {
  const readers = new Map(), attached = new Map();
  for (const edge of graph.edges) {
    if (home[edge.source]) continue;
    if (!readers.has(edge.source)) readers.set(edge.source, []);
    readers.get(edge.source).push(edge.target);
  }
  readers.forEach(function (targets, leaf) {
    let call = root;
    if (graph.nodes[leaf].kind !== "input") {
      call = home[targets[0]];
      for (const target of targets) call = meet(call, home[target]);
      if (targets.length === 1) attached.set(leaf, targets[0]);
    }
    home[leaf] = call;
    call.members.push(leaf);
  });
  return attached;
}

// The innermost call that holds both.
function meet(a, b) {
  const around = new Set();
  for (; a; a = a.parent) around.add(a);
  while (!around.has(b)) b = b.parent;
  return b;
}

// Every call, parents before what they hold.
function allCalls(root) {
  const found = [root];
  for (let i = 0; i < found.length; i++) {
    for (const member of found[i].members) if (typeof member !== "number") found.push(member);
  }
  return found;
}

// How many operations and parameters each call holds, and when they run.
function countUp(graph, root) {
  for (const call of allCalls(root).reverse()) {
    for (const member of call.members) {
      if (typeof member !== "number") {
        call.operations += member.operations;
        call.parameters += member.parameters;
        call.first = Math.min(call.first, member.first);
        if (member.last >= call.last) call.output = member.output;
        call.last = Math.max(call.last, member.last);
        continue;
      }
      const node = graph.nodes[member];
      if (node.forward) {
        call.operations += 1;
        call.first = Math.min(call.first, node.forward);
        if (node.forward >= call.last) call.output = node;
        call.last = Math.max(call.last, node.forward);
      }
      call.parameters += node.parameters || 0;
    }
  }
}

// The words on a call: [class or path, path or count].
function callWords(call) {
  if (call.kind === "group") return ["operations " + call.first + " to " + call.last, ""];
  if (call.kind === "repeat") {
    return [(call.title || call.path) + " \u00d7 " + call.times,
            call.lastPath === call.path ? call.path + ", called in a row" : call.path + " to " + call.lastPath];
  }
  const path = (call.path || "model") + (call.number > 1 ? " (call " + call.number + ")" : "");
  const phase = call.phase === "backward" ? ", backward" : "";
  return call.title ? [call.title + phase, path] : [path + phase, ""];
}
