package io.heterospec.topology.session;

import io.heterospec.processor.kv.KvPage;
import io.heterospec.processor.kv.SessionPages;
import io.heterospec.schemas.SessionPage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pages of one task's sessions. The engine's thread reads the store, as interactive queries do,
 * and leaves pages to be written; the stream thread writes them, so that they belong to the task's
 * transactions. After {@link #close} the store is not touched any more.
 */
public final class SessionKv implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SessionKv.class);
  private static final int FORMAT_VERSION = 1;

  // Pages that wait for the stream thread: when it is held up, the engine keeps the rest.
  private static final long MOST_WAITING_BYTES = 16 << 20;

  private record Waiting(String session, int number, KvPage page) {}

  private final NumberedEntries<SessionPage> entries;
  private final ConcurrentLinkedQueue<Waiting> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicLong waitingBytes = new AtomicLong();
  private volatile boolean closed;

  public SessionKv(KeyValueStore<String, SessionPage> store) {
    this.entries = new NumberedEntries<>(store);
  }

  /** The pages of a session, for the engine. */
  public SessionPages pages(String session) {
    return new Pages(session);
  }

  /**
   * Writes pages the engine left. For the stream thread.
   *
   * @param most pages to write now
   */
  public void flush(int most) {
    int written = 0;
    for (Waiting next = null; written < most && (next = waiting.poll()) != null; written++) {
      waitingBytes.addAndGet(-next.page.bytes());
      entries.put(next.session, next.number, toRecord(next.page));
    }
  }

  /** Deletes all pages of a session, also those that wait. For the stream thread. */
  public void delete(String session) {
    waiting.removeIf(
        each -> {
          boolean gone = each.session.equals(session);
          if (gone) {
            waitingBytes.addAndGet(-each.page.bytes());
          }
          return gone;
        });
    entries.delete(session);
  }

  /** Whether a store has pages of a session. */
  static boolean holds(ReadOnlyKeyValueStore<String, SessionPage> store, String session) {
    return NumberedEntries.get(store, session, 0) != null;
  }

  /** Tokens of a session that a store has pages of. */
  static int tokens(ReadOnlyKeyValueStore<String, SessionPage> store, String session) {
    int tokens = 0;
    try (KeyValueIterator<String, SessionPage> pages = NumberedEntries.of(store, session)) {
      while (pages.hasNext()) {
        tokens += pages.next().value.getTokenIds().size() - 1;
      }
    }
    return tokens;
  }

  @Override
  public void close() {
    closed = true;
    waiting.clear();
  }

  private final class Pages implements SessionPages {
    private final String session;

    Pages(String session) {
      this.session = session;
    }

    @Override
    public String session() {
      return session;
    }

    @Override
    public Object store() {
      return SessionKv.this;
    }

    @Override
    public KvPage read(int number) {
      if (closed) {
        return null;
      }
      try {
        SessionPage page = entries.get(session, number);
        return page == null || page.getFormatVersion() != FORMAT_VERSION ? null : fromRecord(page);
      } catch (InvalidStateStoreException e) {
        LOG.debug("the store of session {} was closed meanwhile", session, e);
        return null;
      } catch (SerializationException | ProcessorStateException e) {
        LOG.warn(
            "page {} of session {} cannot be read; its tokens are computed again: {}",
            number,
            session,
            e.getMessage());
        return null;
      }
    }

    @Override
    public boolean write(int number, KvPage page) {
      if (closed) {
        return true; // the task is another's now, which writes its own
      }
      if (waitingBytes.get() + page.bytes() > MOST_WAITING_BYTES && !waiting.isEmpty()) {
        return false;
      }
      waitingBytes.addAndGet(page.bytes());
      waiting.add(new Waiting(session, number, page));
      return true;
    }
  }

  private static SessionPage toRecord(KvPage page) {
    return SessionPage.newBuilder()
        .setFormatVersion(FORMAT_VERSION)
        .setModelFingerprint(page.model())
        .setDtype(page.dtype())
        .setFirstRow(page.firstRow())
        .setPrefix(ByteBuffer.wrap(page.prefix()))
        .setTokenIds(Arrays.stream(page.tokens()).boxed().toList())
        .setTarget(ByteBuffer.wrap(page.target()))
        .setHead(ByteBuffer.wrap(page.head()))
        .setChecksum(page.checksum())
        .build();
  }

  private static KvPage fromRecord(SessionPage page) {
    return new KvPage(
        page.getModelFingerprint(),
        page.getDtype(),
        page.getFirstRow(),
        bytes(page.getPrefix()),
        page.getTokenIds().stream().mapToInt(Integer::intValue).toArray(),
        bytes(page.getTarget()),
        bytes(page.getHead()),
        page.getChecksum());
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
