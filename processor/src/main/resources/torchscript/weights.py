  # Bytes as they lie in a checkpoint -> a tensor of the model's type that owns its memory.
  def decode(self: __torch__.${class}, raw: Tensor, stored: int, shape: List[int]) -> Tensor:
    return torch.to(torch.view(torch.view_copy(raw, dtype=stored), shape), ${dtype})

  def convert(self: __torch__.${class}, x: Tensor) -> Tensor:
    return torch.to(x, ${dtype}, False, True)

  # A copy that owns its memory, of the same type
  def keep(self: __torch__.${class}, x: Tensor) -> Tensor:
    return torch.clone(x)

  def stack(self: __torch__.${class}, rows: List[Tensor]) -> Tensor:
    return torch.cat(rows, 0)

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
