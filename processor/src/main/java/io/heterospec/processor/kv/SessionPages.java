package io.heterospec.processor.kv;

/**
 * Where the pages of one session lie beyond the device. The engine calls it on its own thread, for
 * one page at a time, so it may read a disk but must not wait for other threads.
 */
public interface SessionPages {

  /** The session, unique among all users of an engine. */
  String session();

  /**
   * What holds the pages, compared by identity. What was written to another store counts as not
   * written.
   */
  Object store();

  /**
   * The page with this number, rows {@code number·rows(format)} and on; null where there is none or
   * it cannot be read.
   */
  KvPage read(int number);

  /**
   * Takes a page to be written, in place of one with the same number.
   *
   * @return false when there is no room for it now; it is offered again
   */
  boolean write(int number, KvPage page);
}
