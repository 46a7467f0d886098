package io.heterospec.processor.engine;

import io.heterospec.processor.model.KvCache;
import io.heterospec.processor.model.KvMemory;
import io.heterospec.processor.tree.TreePolicy;
import java.util.List;

/**
 * The bytes that the caches of all live sequences may take, divided between target and head in
 * proportion to what a row costs in each. Belongs to the engine's thread, except {@link
 * #requireFits}.
 */
final class CacheBudget {
  private final KvMemory target;
  private final KvMemory head; // null without a head
  private final long bytes;
  private final long targetShare;

  CacheBudget(ModelPair models, long bytes) {
    this.target = models.target().memory();
    this.head = models.head() == null ? null : models.head().memory();
    this.bytes = bytes;
    long pair = target.rowBytes() + (head == null ? 0 : head.rowBytes());
    this.targetShare = share(target, pair);
    target.limit(targetShare);
    if (head != null) {
      head.limit(bytes - targetShare);
    }
  }

  // Floor of bytes * row / pair, which would overflow.
  private long share(KvMemory memory, long pair) {
    return bytes / pair * memory.rowBytes() + bytes % pair * memory.rowBytes() / pair;
  }

  /**
   * Refuses what would not fit even alone. Safe for use by several threads.
   *
   * @param length most tokens of the sequence
   * @throws IllegalArgumentException naming the need and the limit
   */
  void requireFits(TreePolicy policy, int length) {
    require(length, target.bytesFor(targetRows(policy, length)), targetShare, "target");
    if (policy.drafts()) {
      require(length, head.bytesFor(headRows(policy, length)), bytes - targetShare, "draft head");
    }
  }

  private void require(int length, long need, long share, String network) {
    if (need > share) {
      throw new IllegalArgumentException(
          "a sequence of up to %d tokens needs %.1f MiB of cache for the %s, and of the cache limit of %d MiB %.1f are for it; shorten the prompt, lower max tokens, or raise the limit (--cache-mb)"
              .formatted(length, mebibytes(need), network, bytes >> 20, mebibytes(share)));
    }
  }

  private static double mebibytes(long bytes) {
    return bytes / (double) (1 << 20);
  }

  /** Whether the caches of a sequence could be opened if those of {@code leaving} were closed. */
  boolean fits(Sequence sequence, List<Sequence> leaving) {
    long released = leaving.stream().mapToLong(each -> bytes(target, each.targetCache())).sum();
    if (!target.fits(targetRows(sequence.policy, sequence.maxLength()), released)) {
      return false;
    }
    if (!sequence.policy.drafts()) {
      return true;
    }
    long releasedByHead = leaving.stream().mapToLong(each -> bytes(head, each.headCache())).sum();
    return head.fits(headRows(sequence.policy, sequence.maxLength()), releasedByHead);
  }

  private static long bytes(KvMemory memory, KvCache cache) {
    return cache == null ? 0 : memory.bytesFor(cache.capacity());
  }

  /** Bytes that the caches' memory must grow by before those of a sequence can be opened. */
  long bytesToOpen(Sequence sequence) {
    long bytes = target.bytesToOpen(targetRows(sequence.policy, sequence.maxLength()));
    return sequence.policy.drafts()
        ? bytes + head.bytesToOpen(headRows(sequence.policy, sequence.maxLength()))
        : bytes;
  }

  /**
   * Gives a sequence its caches; it is the sequence's part to close them.
   *
   * @param spare bytes that the caches' memory may grow by; it always grows by what it must
   */
  void open(Sequence sequence, long spare) {
    int length = sequence.maxLength();
    int headRows = headRows(sequence.policy, length);
    boolean drafts = sequence.policy.drafts();
    long before = target.bytes();
    long forHead = drafts ? head.bytesToOpen(headRows) : 0;
    KvCache cache = target.open(targetRows(sequence.policy, length), spare - forHead);
    sequence.open(cache, null);
    if (drafts) {
      sequence.open(cache, head.open(headRows, spare - (target.bytes() - before)));
    }
  }

  /** Bytes of a token in all caches. Safe for use by several threads. */
  long rowBytes() {
    return target.rowBytes() + (head == null ? 0 : head.rowBytes());
  }

  /** Bytes that no cache's memory takes. */
  long spare() {
    return bytes - target.bytes() - (head == null ? 0 : head.bytes());
  }

  /**
   * Gives back memory that no live sequence uses: about as many bytes as are wanted, and less where
   * that would take more copying than it gives back.
   */
  void giveBack(long wanted) {
    long given = target.giveBack(wanted);
    if (head != null && given < wanted) {
      head.giveBack(wanted - given);
    }
  }

  /** Gives back all memory that no live sequence uses. */
  void trim() {
    target.trim();
    if (head != null) {
      head.trim();
    }
  }

  // Scratch rows of a cycle: the verified tree.
  private static int targetRows(TreePolicy policy, int length) {
    return length + 1 + policy.shape().mostNodes();
  }

  // Scratch rows of a cycle: the expanded nodes.
  private static int headRows(TreePolicy policy, int length) {
    return length + policy.shape().topK() * policy.mostLevels();
  }
}
