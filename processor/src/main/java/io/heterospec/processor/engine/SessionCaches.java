package io.heterospec.processor.engine;

import io.heterospec.processor.kv.CacheTier;
import io.heterospec.processor.kv.PageFormat;
import io.heterospec.processor.kv.SessionPages;
import io.heterospec.processor.model.KvSnapshot;
import io.heterospec.processor.model.RowBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the device knows of sessions between their turns. A finished turn is parked: its rows stay
 * on the device and are written to the session's pages in the background, only those the pages
 * lack. The next turn takes up what it has in common with them, else with the pages. Parked
 * sessions leave, least recently used first, when the live ones need the memory. Belongs to the
 * engine's thread, except {@link #rows}.
 */
final class SessionCaches {
  private static final Logger LOG = LoggerFactory.getLogger(SessionCaches.class);

  /** Rows read or written in a round: a fraction of a cycle, so those who decode do not wait. */
  static final int ROWS_A_ROUND = PageFormat.MOST_ROWS;

  private final ModelPair models;
  private final PageFormat format;
  private final RowBatch batch = new RowBatch();
  private final Map<String, ParkedSession> parked = new LinkedHashMap<>(); // oldest first
  private final Map<String, Integer> rows = new ConcurrentHashMap<>();
  private final List<ParkedSession> unstored = new ArrayList<>();

  /**
   * @param fingerprint of the pair
   */
  SessionCaches(ModelPair models, String fingerprint) {
    this.models = models;
    this.format =
        new PageFormat(
            fingerprint,
            models.arithmetic().dtype().label(),
            models.target().memory().rowBytes(),
            models.head() == null ? 0 : models.head().memory().rowBytes());
  }

  /** Rows on the device of each parked session, as other threads may read them. */
  Map<String, Integer> rows() {
    return rows;
  }

  /** Keeps what a turn that is over has computed; its caches stay its own to close. */
  void park(Sequence sequence) {
    SessionPages pages = sequence.request.session();
    // One that still reads its pages has nothing that they lack.
    if (pages == null || sequence.targetCache() == null || sequence.reader != null) {
      return;
    }
    // The last token's row was never needed, and what was cut off after it never will be.
    int count = Math.min(sequence.targetCache().length(), sequence.length() - 1);
    if (count < 1) {
      return;
    }
    drop(pages.session());
    try {
      boolean withHead = sequence.headCache() != null;
      if (withHead) {
        catchUp(sequence, count);
      }
      add(sequence, count, withHead);
    } catch (RuntimeException e) {
      // Only speed is lost: the next turn computes these rows again.
      LOG.warn("the cache of session {} was not kept", pages.session(), e);
    }
  }

  // The head reads what it put off, so that its rows are as many as the target's.
  private void catchUp(Sequence sequence, int count) {
    int missing = count - sequence.headCache().length();
    if (missing <= 0) {
      sequence.headCache().truncate(count);
      return;
    }
    batch.reset();
    Drafter.addContext(batch, sequence, count);
    models.head().addContext(batch, sequence.features(missing));
  }

  private void add(Sequence sequence, int count, boolean withHead) {
    KvSnapshot target = sequence.targetCache().snapshot(count);
    KvSnapshot head;
    try {
      head = withHead ? sequence.headCache().snapshot(count) : null;
    } catch (RuntimeException e) {
      target.close();
      throw e;
    }
    SessionPages pages = sequence.request.session();
    int[] tokens = Arrays.copyOf(sequence.tokens(), target.rows() + 1);
    int stored = Math.min(sequence.storedRows, target.rows()) / format.rows() * format.rows();
    ParkedSession session = new ParkedSession(pages, tokens, target, head, stored, format);
    parked.put(pages.session(), session);
    rows.put(pages.session(), target.rows());
    if (!session.isStored()) {
      unstored.add(session);
    }
  }

  /** Gives a turn with fresh caches what is known of its tokens already. */
  void resume(Sequence sequence) {
    SessionPages pages = sequence.request.session();
    if (pages == null) {
      return;
    }
    // The head proposes from features, which only a pass gives: one row is left to compute.
    int most = sequence.rootPosition() - (sequence.policy.drafts() ? 1 : 0);
    ParkedSession session = parked.get(pages.session());
    int common = session == null ? 0 : Math.min(most, usableRows(session, sequence));
    if (common > 0) {
      sequence.targetCache().append(session.target(), common);
      if (sequence.policy.drafts()) {
        sequence.headCache().append(session.head(), common);
      }
      boolean sameStore = session.pages().store() == pages.store();
      sequence.storedRows = sameStore ? Math.min(common, session.storedRows()) : 0;
      sequence.found(CacheTier.DEVICE, common);
    } else {
      sequence.reader = new PageReader(format, sequence, most);
    }
    drop(pages.session());
  }

  private static int usableRows(ParkedSession session, Sequence sequence) {
    return sequence.policy.drafts() && session.head() == null
        ? 0
        : session.commonRows(sequence.tokens(), sequence.length());
  }

  /**
   * Reads the next pages of a turn that still reads pages, up to that which makes so many rows.
   *
   * @return rows read
   */
  int read(Sequence sequence, int enough) {
    PageReader reader = sequence.reader;
    int before = reader.rows();
    boolean more = true;
    while (more && reader.rows() - before < enough) {
      more = reader.next();
    }
    if (!more) {
      stopReading(sequence);
    }
    return reader.rows() - before;
  }

  /** Reads no more pages of a turn: what is not whole by now is computed. */
  void stopReading(Sequence sequence) {
    int whole = sequence.reader.rows();
    sequence.reader = null;
    sequence.targetCache().truncate(whole);
    if (sequence.headCache() != null) {
      sequence.headCache().truncate(whole);
    }
    if (whole > 0) {
      sequence.storedRows = whole;
      sequence.found(CacheTier.STORE, whole);
    }
  }

  /**
   * Writes the next pages of a parked session, as many as a round has time for.
   *
   * @return false when there was none to write, or no room for it
   */
  boolean write() {
    Set<Object> full = Collections.newSetFromMap(new IdentityHashMap<>());
    Iterator<ParkedSession> waiting = unstored.iterator();
    while (waiting.hasNext()) {
      ParkedSession session = waiting.next();
      // A page is read from the device before a store can refuse it.
      if (full.contains(session.pages().store())) {
        continue;
      }
      int enough = Math.min(session.rows(), session.storedRows() + ROWS_A_ROUND);
      boolean written = false;
      while (session.storedRows() < enough && stored(session)) {
        written = true;
      }
      if (session.isStored()) {
        waiting.remove();
      } else if (session.storedRows() < enough) {
        full.add(session.pages().store());
      }
      if (written) {
        return true;
      }
    }
    return false;
  }

  private boolean stored(ParkedSession session) {
    try {
      return session.store(format);
    } catch (RuntimeException e) {
      drop(session.pages().session()); // it would fail again; only speed is lost
      throw e;
    }
  }

  /** Whether pages wait to be written. */
  boolean isWriting() {
    return !unstored.isEmpty();
  }

  /** Forgets a session. */
  void drop(String session) {
    ParkedSession dropped = parked.remove(session);
    if (dropped != null) {
      rows.remove(session);
      unstored.remove(dropped);
      dropped.close();
    }
  }

  /**
   * Forgets the least recently used sessions until the rest takes no more than so many bytes.
   *
   * @param kept a session that stays, or null
   */
  void shrink(long most, String kept) {
    Iterator<String> oldest = List.copyOf(parked.keySet()).iterator();
    while (oldest.hasNext() && bytes() > most) {
      String session = oldest.next();
      if (!session.equals(kept)) {
        drop(session);
      }
    }
  }

  /** Bytes of all parked sessions. */
  long bytes() {
    long bytes = 0;
    for (ParkedSession session : parked.values()) {
      bytes +=
          session.rows() * (session.head() == null ? format.targetRowBytes() : format.rowBytes());
    }
    return bytes;
  }

  /** Forgets all. */
  void clear() {
    List.copyOf(parked.keySet()).forEach(this::drop);
  }
}
