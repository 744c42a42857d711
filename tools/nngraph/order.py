"""The order of a graph's nodes, on which the order of execution depends.

ONNX Runtime walks a graph backwards from its ends, depth first, and of a node's inputs takes the
one that stands last in the file first. Left to itself, that puts the products that give the
weights' gradients behind the whole backward pass, when what they read has long left the cache.
"""

import heapq

VIEWS = ("Reshape", "Squeeze", "Split", "Transpose")


def for_depth_first(nodes, gathered):
    """`nodes`, given in the order of execution that is wanted, in an order that ONNX Runtime
    walks nearly like that: of the nodes that could be next, always the latest. What makes the
    tensor `gathered` from many comes last, so that its inputs are asked for one by one."""
    nodes = _views_early(nodes)
    producers = {out: i for i, node in enumerate(nodes) for out in node.output}
    needs = [{producers[x] for x in node.input if x in producers} for node in nodes]
    users = [[] for _ in nodes]
    for i, need in enumerate(needs):
        for j in need:
            users[j].append(i)
    gathering = needs[producers[gathered]]
    ready = [(i in gathering, -i) for i, need in enumerate(needs) if not need]
    heapq.heapify(ready)
    ordered = []
    while ready:
        _, last = heapq.heappop(ready)
        ordered.append(nodes[-last])
        for i in users[-last]:
            needs[i].discard(-last)
            if not needs[i]:
                heapq.heappush(ready, (i in gathering, -i))
    return ordered


def _views_early(nodes):
    """`nodes` with those that only rearrange moved to right after what they rearrange."""
    place, keys = {}, []
    for i, node in enumerate(nodes):
        view = node.op_type in VIEWS and node.input[0] in place
        key = (*place[node.input[0]], i) if view else (i,)
        keys.append(key)
        place.update((out, key) for out in node.output)
    return [nodes[i] for i in sorted(range(len(nodes)), key=keys.__getitem__)]
