package io.heterospec.processor.engine;

import io.heterospec.processor.kv.KvPage;
import io.heterospec.processor.kv.SessionPages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** Pages of one session in memory, with a count of what was written and read. */
final class MemoryPages implements SessionPages {
  final Map<Integer, KvPage> pages = new ConcurrentSkipListMap<>();
  final List<Integer> written = new CopyOnWriteArrayList<>();
  final List<Integer> read = new CopyOnWriteArrayList<>();
  private final String session;
  volatile boolean full;

  private final MemoryPages store;

  MemoryPages(String session) {
    this.session = session;
    this.store = this;
  }

  private MemoryPages(String session, MemoryPages store) {
    this.session = session;
    this.store = store;
  }

  /** Pages of another session that this one's store has room for or not. */
  MemoryPages of(String other) {
    return new MemoryPages(other, this);
  }

  @Override
  public String session() {
    return session;
  }

  @Override
  public Object store() {
    return store;
  }

  @Override
  public KvPage read(int number) {
    read.add(number);
    return pages.get(number);
  }

  @Override
  public boolean write(int number, KvPage page) {
    if (store.full) {
      return false;
    }
    pages.put(number, page);
    written.add(number);
    return true;
  }

  int rows() {
    return pages.values().stream().mapToInt(KvPage::rows).sum();
  }

  void replace(int number, UnaryOperator<KvPage> change) {
    pages.computeIfPresent(number, (key, page) -> change.apply(page));
  }

  List<Integer> takeWritten() {
    List<Integer> taken = new ArrayList<>(written);
    written.clear();
    return taken;
  }
}
