  # w: 0 embedding (V, F), 1 cos, 2 sin (context, 1, D), 3 final norm, 4 output (V, F), then for each
  # layer: norm, fused q/k/v, o, norm, fused gate/up, down, and what LayerScript adds; then cos and
  # sin again for each device after the first. 0 to 2 lie on the first device, 3 and 4 on the last.
  # pools: of each group a pool for each device, with the layers that lie there
  # A pass over rows of several sequences -> residual stream (T, F), features (T, 3F)
  def run(self: __torch__.${class}, ints: Tensor, trees: Tensor, layout: List[int], pools: List[Tensor]) -> Tuple[Tensor, Tensor]:
    w = self.w
    ids, positions, parents = torch.unbind(self.rows(ints, layout), 0)
    index = self.indices(ints, layout)
    masks = self.masks(trees, layout, index)
    near = ${near}
    live = annotate(List[List[Tensor]], [])
    layers = annotate(List[List[Tensor]], [])
    for g in range(layout[2]):
      of_layers = annotate(List[Tensor], [])
      views = annotate(List[Tensor], [])
      for s in range(${segments}):
        pool = pools[g * ${segments} + s]
        torch.extend(of_layers, torch.unbind(pool, 0))
        torch.extend(views, self.views(pool, layout, g))
      layers = torch.append(layers, of_layers)
      live = torch.append(live, views)
    x = torch.embedding(w[0], ids)
    cos = torch.index_select(w[1], 0, positions)
    sin = torch.index_select(w[2], 0, positions)
    taps = annotate(List[Tensor], [])
    borders = ${borders}
    for s in range(${segments}):
      if s > 0:
        # All that the next layers read moves to their device once.
        table = ${tables} + 2 * (s - 1)
        x = self.moved(x, w[table])
        ints = self.moved(ints, w[table])
        trees = self.moved(trees, w[table])
        positions = torch.select(self.rows(ints, layout), 0, 1)
        cos = torch.index_select(w[table], 0, positions)
        sin = torch.index_select(w[table + 1], 0, positions)
        index = self.indices(ints, layout)
        masks = self.masks(trees, layout, index)
        near = ${near}
      for layer in range(borders[s], borders[s + 1]):
        if layer == ${tap_low}:
          taps = torch.append(taps, x)
        if layer == ${tap_middle}:
          taps = torch.append(taps, x)
        if layer == ${tap_high}:
          taps = torch.append(taps, x)
        b = 5 + layer * ${stride}
        a = self.attention(self.linear(self.norm(x, w[b]), w[b + 1])${qkv_bias}, cos, sin, layer, layout, index, live, layers, ${seen})
        x = torch.add(x, self.linear(a, w[b + 2])${out_bias})
        x = torch.add(x, self.mlp(self.norm(x, w[b + 3]), w[b + 4], w[b + 5], layer))
    features = x
    if len(taps) == 3:
      features = torch.cat([self.moved(taps[0], x), self.moved(taps[1], x), self.moved(taps[2], x)], -1)
    return (x, features)

  # The tensor on the device of another; itself where that is the same.
  def moved(self: __torch__.${class}, x: Tensor, like: Tensor) -> Tensor:
    return torch.to(x, ops.prim.device(like), ops.prim.dtype(x), False, False, None)

  def last_embedding(self: __torch__.${class}) -> Tensor:
    w = self.w
    return torch.alias(self.moved(w[0], w[3]))

  # (T, V) in fp32
  def logits(self: __torch__.${class}, x: Tensor) -> Tensor:
    w = self.w
    return torch.to(self.linear(self.norm(x, w[3]), w[4]), 6)

  # A copy of some rows, which does not keep the others alive
  def copied_rows(self: __torch__.${class}, x: Tensor, rows: Tensor) -> Tensor:
    return torch.index_select(x, 0, rows)

  def prefill(self: __torch__.${class}, ints: Tensor, trees: Tensor, layout: List[int], pools: List[Tensor]) -> Tensor:
    x, features = self.run(ints, trees, layout, pools)
    return features

  # logits (n, V) of the rows that the first n extra ints name, of all rows where n is 0; features
  def run_logits(self: __torch__.${class}, ints: Tensor, trees: Tensor, layout: List[int], pools: List[Tensor], n: int) -> Tuple[Tensor, Tensor]:
    x, features = self.run(ints, trees, layout, pools)
    if n > 0:
      x = torch.index_select(x, 0, self.moved(torch.narrow(self.extra(ints, layout), 0, 0, n), x))
    return (self.logits(x), features)

  # Most probable next token of n rows (n) -> tokens, features
  def verify_greedy(self: __torch__.${class}, ints: Tensor, trees: Tensor, layout: List[int], pools: List[Tensor], n: int) -> Tuple[Tensor, Tensor]:
    logits, features = self.run_logits(ints, trees, layout, pools, n)
    best, tokens = torch.max(logits, -1)
    return (tokens, features)

  # Sampled next token of n rows; the extra ints hold, after the rows, a random integer in [0, 2^53)
  # for each.
  def verify_sampled(self: __torch__.${class}, ints: Tensor, trees: Tensor, layout: List[int], pools: List[Tensor], n: int, temperature: float, top_k: int, top_p: float) -> Tuple[Tensor, Tensor]:
    logits, features = self.run_logits(ints, trees, layout, pools, n)
    uniform = torch.narrow(self.extra(ints, layout), 0, n, n)
    return (self.sample(logits, self.moved(uniform, logits), temperature, top_k, top_p), features)

  # Sampled next token of some rows; uniform holds a random integer in [0, 2^53) for each of them.
  def sample_rows(self: __torch__.${class}, logits: Tensor, rows: Tensor, uniform: Tensor, temperature: float, top_k: int, top_p: float) -> Tensor:
    return self.sample(torch.index_select(logits, 0, rows), uniform, temperature, top_k, top_p)

  def argmax_rows(self: __torch__.${class}, logits: Tensor, rows: Tensor) -> Tensor:
    return torch.argmax(torch.index_select(logits, 0, rows), -1)

  # Some rows at a time: a row takes a dozen times the memory of its logits.
  def sample(self: __torch__.${class}, logits: Tensor, uniform: Tensor, temperature: float, top_k: int, top_p: float) -> Tensor:
    rows = torch.split(logits, ${sampled_rows})
    numbers = torch.split(uniform, ${sampled_rows})
    tokens = annotate(List[Tensor], [])
    for i in range(len(rows)):
      tokens = torch.append(tokens, self.sample_some(rows[i], numbers[i], temperature, top_k, top_p))
    return torch.cat(tokens)

  # Inverse of the cumulative distribution in vocabulary order, so that the token depends on the
  # distribution and the number alone.
  def sample_some(self: __torch__.${class}, logits: Tensor, uniform: Tensor, temperature: float, top_k: int, top_p: float) -> Tensor:
    V = logits.size(1)
    p = torch.softmax(torch.div(torch.to(logits, 7), temperature), -1)
    if (top_k > 0 and top_k < V) or top_p < 1.:
      ranked, order = torch.sort(p, stable=True, dim=-1, descending=True)
      if top_k > 0 and top_k < V:
        _0 = torch.fill_(torch.narrow(ranked, 1, top_k, V - top_k), 0.)
        ranked = torch.div(ranked, torch.sum(ranked, [-1], True))
      before = torch.sub(torch.cumsum(ranked, -1), ranked)
      ranked = torch.masked_fill(ranked, torch.ge(before, top_p), 0.)
      p = torch.scatter(torch.zeros_like(p), 1, order, ranked)
    mass = torch.cumsum(p, -1)
    total = torch.narrow(mass, 1, V - 1, 1)
    point = torch.mul(torch.mul(torch.unsqueeze(torch.to(uniform, 7), 1), 1.1102230246251565e-16), total)
    point = torch.minimum(point, torch.nextafter(total, torch.zeros_like(total)))
    return torch.sum(torch.le(mass, point), [-1])

  # For each row: log-probability of `next`, then those of the k best, then the k ids: (T, 1+2k)
  def score(self: __torch__.${class}, logits: Tensor, next: Tensor, k: int) -> Tensor:
    p = torch.log_softmax(logits, -1)
    v, i = torch.topk(p, k, -1, True, True)
    return torch.cat([torch.gather(p, 1, torch.unsqueeze(next, 1)), v, torch.to(i, 6)], -1)
