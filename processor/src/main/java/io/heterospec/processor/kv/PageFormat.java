package io.heterospec.processor.kv;

import java.util.Optional;

/**
 * What pages of a model pair look like, and the judgement of those that come back from a store.
 *
 * @param model fingerprint of the pair
 * @param dtype arithmetic type
 * @param targetRowBytes bytes of a target's row in all layers
 * @param headRowBytes bytes of a head's row; 0 without a head
 */
public record PageFormat(String model, String dtype, long targetRowBytes, long headRowBytes) {
  /** Most rows of a page. */
  public static final int MOST_ROWS = 64;

  // A record with one page stays below half of a broker's default message.max.bytes, 1 MiB, unless
  // a single row is larger.
  private static final int MOST_BYTES = 512 << 10;

  /**
   * Rows of a full page: {@link #MOST_ROWS}, or the power of two below that keeps a page within 512
   * KiB.
   */
  public int rows() {
    int rows = MOST_ROWS;
    while (rows > 1 && rows * rowBytes() > MOST_BYTES) {
      rows /= 2;
    }
    return rows;
  }

  /** Bytes of a row of target and head together. */
  public long rowBytes() {
    return targetRowBytes + headRowBytes;
  }

  /** A page as it is written. */
  public KvPage page(int firstRow, PrefixHash prefix, int[] tokens, byte[] target, byte[] head) {
    return new KvPage(
        model,
        dtype,
        firstRow,
        prefix.toBytes(),
        tokens,
        target,
        head,
        KvPage.checksum(tokens, target, head));
  }

  /**
   * Why a page must not be used; empty when it may.
   *
   * @param firstRow where it is wanted
   * @param prefix of the wanted tokens before it
   */
  public Optional<String> objection(KvPage page, int firstRow, PrefixHash prefix) {
    if (!page.model().equals(model)) {
      return Optional.of("it was written by another model");
    }
    if (!page.dtype().equals(dtype)) {
      return Optional.of("it holds " + page.dtype() + ", the model runs in " + dtype);
    }
    if (page.firstRow() != firstRow || page.rows() < 1 || page.rows() > rows()) {
      return Optional.of("it holds other rows than its place says");
    }
    boolean headFits = page.head().length == 0 || page.head().length == page.rows() * headRowBytes;
    if (page.target().length != page.rows() * targetRowBytes || !headFits) {
      return Optional.of("it has the wrong size");
    }
    if (!page.intact()) {
      return Optional.of("its checksum is wrong");
    }
    if (!prefix.matches(page.prefix())) {
      return Optional.of("it follows other tokens");
    }
    return Optional.empty();
  }
}
