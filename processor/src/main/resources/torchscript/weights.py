  # A tensor of the model's type whose values are to come; `like` tells the device.
  def empty(self: __torch__.${class}, like: Tensor, shape: List[int]) -> Tensor:
    return torch.empty(shape, dtype=${dtype}, layout=None, device=like.device, pin_memory=None, memory_format=None)

  # Bytes as they lie in a checkpoint become the elements of a tensor from `at` on.
  def fill(self: __torch__.${class}, whole: Tensor, at: int, raw: Tensor, stored: int) -> int:
    values = torch.view_copy(raw, dtype=stored)
    _0 = torch.copy_(torch.narrow(torch.view(whole, [-1]), 0, at, values.size(0)), values)
    return 0

  # The same tensor, kept once more
  def same(self: __torch__.${class}, x: Tensor) -> Tensor:
    return torch.alias(x)

  # A copy that owns its memory, of the same type
  def keep(self: __torch__.${class}, x: Tensor) -> Tensor:
    return torch.clone(x)

  # a (D) as m rows, then b (D) as n rows
  def rows(self: __torch__.${class}, a: Tensor, m: int, b: Tensor, n: int) -> Tensor:
    D = a.size(0)
    return torch.cat([torch.expand(torch.view(a, [1, D]), [m, D]), torch.expand(torch.view(b, [1, D]), [n, D])], 0)

  # (out, in) in the layout that `linear` wants
  def pack(self: __torch__.${class}, w: Tensor) -> Tensor:
    return ${pack}

  def product(self: __torch__.${class}, x: Tensor, w: Tensor) -> Tensor:
    return ${linear}

  # Largest difference of the packed weight's product from the plain one's, relative to the largest
  # value, over some rows
  def disagreement(self: __torch__.${class}, packed: Tensor, w: Tensor, rows: int) -> float:
    values = torch.sin(torch.arange(0, rows * w.size(1), 1, dtype=6, layout=None, device=w.device, pin_memory=None))
    x = torch.to(torch.view(values, [rows, w.size(1)]), ${dtype})
    plain = torch.to(torch.linear(x, w), 6)
    off = torch.sub(torch.to(self.product(x, packed), 6), plain)
    return torch.item(torch.to(torch.div(torch.max(torch.abs(off)), torch.add(torch.max(torch.abs(plain)), 1e-30)), 7))

  # Proof that packing and the product work with this type on this processor
  def probe(self: __torch__.${class}, like: Tensor) -> float:
    x = torch.ones([2, 16], dtype=${dtype}, layout=None, device=like.device, pin_memory=None)
    w = self.pack(torch.ones([16, 16], dtype=${dtype}, layout=None, device=like.device, pin_memory=None))
    y = self.product(x, w)
    return torch.item(torch.to(torch.sum(y), 7))
