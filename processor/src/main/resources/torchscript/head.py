  # w: 0 embedding (V, F), 1 cos, 2 sin (context, D), 3 fc (F, 3*target), 4 hidden norm, 5 input
  # norm, 6 fused q/k/v over 2F, 7 o, 8 norm, 9 fused gate/up, 10 down, 11 final norm, 12 output
  # (draft vocabulary, F), 13 target id of each draft id.
  # ids (T), hidden (T, F), cos and sin (T or 1, D) -> residual stream before the final norm (T, F)
  def layer(self: __torch__.${class}, ids: Tensor, hidden: Tensor, cos: Tensor, sin: Tensor, past: int, mask: Optional[Tensor], cache: Tensor) -> Tensor:
    w = self.w
    T = ids.size(0)
    z = torch.cat([self.norm(torch.embedding(w[0], ids), w[5]), self.norm(hidden, w[4])], -1)
    live = torch.select(torch.narrow(cache, 4, 0, past + T), 0, 0)
    window = torch.select(torch.narrow(cache, 4, past, T), 0, 0)
    x = torch.add(hidden, self.linear(self.attention(self.linear(z, w[6]), cos, sin, live, window, mask), w[7]))
    return torch.add(x, self.mlp(self.norm(x, w[8]), w[9], w[10]))

  # Log-probabilities over the draft vocabulary (T, draft vocabulary) in fp32
  def log_probs(self: __torch__.${class}, x: Tensor) -> Tensor:
    w = self.w
    return torch.log_softmax(torch.to(self.linear(self.norm(x, w[11]), w[12]), 6), -1)

  # (T, 2k): the k best log-probabilities, descending, then their target ids
  def top(self: __torch__.${class}, x: Tensor, k: int) -> Tensor:
    w = self.w
    v, i = torch.topk(self.log_probs(x), k, -1, True, True)
    return torch.cat([v, torch.to(torch.view(torch.index_select(w[13], 0, torch.reshape(i, [-1])), [i.size(0), k]), 6)], -1)

  # Context rows: ids (T) of the tokens after those of features (T, 3*target), from row `past`.
  def context(self: __torch__.${class}, ids: Tensor, features: Tensor, past: int, cache: Tensor) -> Tensor:
    w = self.w
    T = ids.size(0)
    mask = self.widen(self.causal(ids, T), past)
    return self.layer(ids, self.linear(features, w[3]), torch.narrow(w[1], 0, past, T), torch.narrow(w[2], 0, past, T), past, mask, cache)

  # Context rows and the proposals after the last of them -> top (1, 2k), hidden (1, F)
  def extend(self: __torch__.${class}, ids: Tensor, features: Tensor, past: int, cache: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    x = self.context(ids, features, past, cache)
    last = torch.narrow(x, 0, x.size(0) - 1, 1)
    return (self.top(last, k), last)

  # One level of the tree. rows (2, T): token ids, and which row of `hidden` is each node's parent;
  # all nodes stand at `position`; tree (T, slots so far) additive; `context` rows come before the
  # tree's slots -> top (T, 2k), hidden (T, F)
  def level(self: __torch__.${class}, rows: Tensor, hidden: Tensor, position: int, context: int, tree: Tensor, cache: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    w = self.w
    ids, parents = torch.unbind(rows, 0)
    past = context + tree.size(1) - ids.size(0)
    prefix = torch.zeros([ids.size(0), context], dtype=${dtype}, layout=None, device=ids.device, pin_memory=None)
    mask = annotate(Optional[Tensor], torch.repeat(torch.cat([prefix, torch.to(tree, ${dtype})], 1), [${group}, 1]))
    x = self.layer(ids, torch.index_select(hidden, 0, parents), torch.narrow(w[1], 0, position, 1), torch.narrow(w[2], 0, position, 1), past, mask, cache)
    return (self.top(x, k), x)
