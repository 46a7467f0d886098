package io.heterospec.processor.engine;

import io.heterospec.processor.kv.KvPage;
import io.heterospec.processor.kv.PageFormat;
import io.heterospec.processor.kv.PrefixHash;
import io.heterospec.processor.kv.SessionPages;
import java.util.Arrays;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a session's pages into the caches of its next turn, one after another, up to the first
 * that is missing, damaged or of other tokens. What follows is computed. Belongs to the engine's
 * thread.
 */
final class PageReader {
  private static final Logger LOG = LoggerFactory.getLogger(PageReader.class);

  private final PageFormat format;
  private final Sequence sequence;
  private final int mostRows;
  private PrefixHash prefix = PrefixHash.EMPTY;
  private int rows; // read

  /**
   * @param mostRows rows that the sequence can take
   */
  PageReader(PageFormat format, Sequence sequence, int mostRows) {
    this.format = format;
    this.sequence = sequence;
    this.mostRows = mostRows;
  }

  /** Rows read so far. */
  int rows() {
    return rows;
  }

  /**
   * Reads one page.
   *
   * @return whether another may follow
   */
  boolean next() {
    SessionPages pages = sequence.request.session();
    KvPage page = rows >= mostRows ? null : pages.read(rows / format.rows());
    if (page == null) {
      return false;
    }
    Optional<String> objection = format.objection(page, rows, prefix);
    if (objection.isPresent()) {
      LOG.info(
          "a cached page of session {} is not used, {} tokens on: {}; its tokens are computed again",
          pages.session(),
          rows,
          objection.get());
      return false;
    }
    boolean drafts = sequence.policy.drafts();
    if (drafts && page.head().length == 0) {
      return false; // a turn without a draft head wrote it
    }
    int usable = Math.min(usableRows(page), mostRows - rows);
    if (usable < 1) {
      return false;
    }
    sequence.targetCache().append(page.target(), page.rows(), usable);
    if (drafts) {
      sequence.headCache().append(page.head(), page.rows(), usable);
    }
    prefix = prefix.after(sequence.tokens(), rows, rows + usable);
    rows += usable;
    return usable == format.rows();
  }

  private int usableRows(KvPage page) {
    int[] tokens = page.tokens();
    int common =
        Arrays.mismatch(tokens, 0, tokens.length, sequence.tokens(), rows, sequence.length());
    return (common < 0 ? tokens.length : common) - 1;
  }
}
