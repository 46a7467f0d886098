package io.heterospec.processor.engine;

import io.heterospec.processor.kv.KvPage;
import io.heterospec.processor.kv.PageFormat;
import io.heterospec.processor.kv.PrefixHash;
import io.heterospec.processor.kv.SessionPages;
import io.heterospec.processor.model.KvSnapshot;
import java.util.Arrays;

/**
 * A session between two turns on the device: what target and head know of its tokens, and how much
 * of that its pages hold. Belongs to the engine's thread.
 */
final class ParkedSession implements AutoCloseable {
  private final SessionPages pages;
  private final int[] tokens; // of the rows, and the one after them
  private final KvSnapshot target;
  private final KvSnapshot head; // null where no head has read them
  private int storedRows;
  private PrefixHash stored = PrefixHash.EMPTY; // of the stored rows

  /**
   * @param storedRows rows that full pages hold already
   */
  ParkedSession(
      SessionPages pages,
      int[] tokens,
      KvSnapshot target,
      KvSnapshot head,
      int storedRows,
      PageFormat format) {
    this.pages = pages;
    this.tokens = tokens;
    this.target = target;
    this.head = head;
    for (int row = 0; row < storedRows; row += format.rows()) {
      stored = stored.after(tokens, row, row + format.rows());
    }
    this.storedRows = storedRows;
  }

  SessionPages pages() {
    return pages;
  }

  KvSnapshot target() {
    return target;
  }

  KvSnapshot head() {
    return head;
  }

  /** Rows of context. */
  int rows() {
    return target.rows();
  }

  /** Rows that the pages hold. */
  int storedRows() {
    return storedRows;
  }

  /** Whether pages hold all rows. */
  boolean isStored() {
    return storedRows == rows();
  }

  /**
   * Rows that are those of another sequence too. A row of the head depends on the token after it,
   * so the last of the common tokens brings none.
   */
  int commonRows(int[] others, int count) {
    int common = Arrays.mismatch(tokens, 0, tokens.length, others, 0, count);
    return (common < 0 ? tokens.length : common) - 1;
  }

  /**
   * Writes the next page.
   *
   * @return false when there is no room for it now
   */
  boolean store(PageFormat format) {
    int count = Math.min(format.rows(), rows() - storedRows);
    KvPage page =
        format.page(
            storedRows,
            stored,
            Arrays.copyOfRange(tokens, storedRows, storedRows + count + 1),
            target.read(storedRows, count),
            head == null ? new byte[0] : head.read(storedRows, count));
    if (!pages.write(storedRows / format.rows(), page)) {
      return false;
    }
    stored = stored.after(tokens, storedRows, storedRows + count);
    storedRows += count;
    return true;
  }

  @Override
  public void close() {
    target.close();
    if (head != null) {
      head.close();
    }
  }
}
