package io.heterospec.processor.engine;

import static io.heterospec.processor.engine.DemoEngine.greedy;
import static org.assertj.core.api.Assertions.assertThat;

import io.heterospec.processor.engine.DemoEngine.Recording;
import io.heterospec.processor.kv.CacheTier;
import io.heterospec.processor.kv.PageFormat;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Sessions beside live sequences, on the test's own thread, which counts the device's work. */
class SchedulerSessionsTest {
  private static final int TOKENS = 8;
  private static final int PROMPT = 130;
  private static final int[] NONE = {};

  private static LoadedPair pair;
  private static int[] words;

  private final Map<String, Integer> calls = new HashMap<>();
  private CacheBudget caches;
  private SessionCaches sessions;
  private Scheduler scheduler;

  @BeforeAll
  static void load() {
    pair = LoadedPair.load(DemoEngine.options().withLimits(8, 64));
    words = pair.text().encodeText(NONE, "The ship came in at noon with the tide. ".repeat(40));
  }

  @AfterAll
  static void close() {
    pair.close();
  }

  private void schedule(long cacheBytes) {
    caches = new CacheBudget(pair.models(), cacheBytes);
    sessions = pair.sessions();
    scheduler = new Scheduler(pair.models(), caches, sessions, null, pair.options(), () -> {});
    calls.clear();
    pair.models().devices().first().probe(method -> calls.merge(method, 1, Integer::sum));
  }

  @AfterEach
  void nothingIsLeft() {
    pair.models().devices().first().probe(method -> {});
    assertThat(scheduler.isIdle()).isTrue();
    scheduler.abandonAll();
    scheduler.trim();
    assertThat(pair.models().target().memory().bytes()).isZero();
    assertThat(pair.models().head().memory().bytes()).isZero();
  }

  private static GenerationRequest request(String id, MemoryPages pages, int maxTokens) {
    int[] prompt = Arrays.copyOf(words, PROMPT);
    return DemoEngine.request(id, prompt, NONE, greedy(maxTokens), "heterospec").withSession(pages);
  }

  private Recording add(String id, MemoryPages pages) {
    Recording recording = new Recording();
    scheduler.add(pair.sequence(request(id, pages, TOKENS), recording));
    return recording;
  }

  private void finish() {
    while (!scheduler.isIdle()) {
      scheduler.round();
    }
  }

  private void writeAll() {
    while (scheduler.isWriting()) {
      scheduler.writePage();
    }
  }

  /** Bytes that the caches of one turn take. */
  private long oneTurn(int maxTokens) {
    Sequence probe = pair.sequence(request("probe", new MemoryPages("probe"), maxTokens), null);
    schedule(1L << 30);
    caches.open(probe, 0);
    int capacity = Math.max(probe.targetCache().capacity(), probe.headCache().capacity());
    probe.close();
    scheduler.trim();
    return capacity * caches.rowBytes();
  }

  @Test
  void aTurnCancelledWhileItReadsItsPagesLeavesThemToTheNext() {
    schedule(1L << 30);
    MemoryPages pages = new MemoryPages("session");
    add("first", pages);
    finish();
    writeAll();
    scheduler.forget("session");
    Recording cancelled = add("cancelled", pages);
    scheduler.round();
    scheduler.stop("cancelled", false);
    Recording third = add("third", pages);
    finish();
    assertThat(cancelled.steps).isEmpty();
    assertThat(third.result().cacheTier()).isEqualTo(CacheTier.STORE);
    assertThat(third.result().cachedTokens()).isEqualTo(PROMPT - 2);
  }

  @Test
  void sessionsStayWhereTheyFitOnceTheTurnHasGivenUpItsOwnMemory() {
    schedule(2 * oneTurn(TOKENS));
    MemoryPages pages = new MemoryPages("session");
    add("first", pages);
    finish();
    add("other", new MemoryPages("other"));
    finish();
    Recording second = add("second", pages);
    finish();
    assertThat(second.result().cacheTier()).isEqualTo(CacheTier.DEVICE);
  }

  @Test
  void sessionsThatFillTheMemoryMakeNobodyCopyTheCachesOfThoseWhoDecode() {
    int live = 4;
    int many = 200;
    schedule(live * oneTurn(many) + 4 * oneTurn(TOKENS));
    for (int i = 0; i < 20; i++) {
      add("parked" + i, new MemoryPages("parked" + i));
      finish();
    }
    assertThat(sessions.rows()).hasSizeBetween(4, 19); // the oldest have made room
    List<Sequence> lasting =
        IntStream.range(0, live)
            .mapToObj(i -> request("live" + i, new MemoryPages("live" + i), many))
            .map(request -> pair.sequence(request, new Recording()))
            .toList();
    lasting.forEach(scheduler::add);
    scheduler.round();
    calls.clear();
    for (int i = 0; i < 6; i++) {
      Recording turn = add("turn" + i, new MemoryPages("turn" + i));
      while (!turn.ended()) {
        scheduler.round();
      }
    }
    assertThat(lasting).allMatch(each -> each.text.finish() == null);
    assertThat(calls).doesNotContainKey("compact");
    assertThat(calls.getOrDefault("enlarge", 0)).isLessThanOrEqualTo(2); // once for each network
    assertThat(sessions.rows()).isNotEmpty();
    finish();
  }

  @Test
  void aStoreWithoutRoomIsOfferedOnePageInARoundHoweverManySessionsWait() {
    schedule(1L << 30);
    MemoryPages store = new MemoryPages("store");
    store.full = true;
    List<MemoryPages> all = Stream.of("a", "b", "c", "d").map(store::of).toList();
    all.forEach(pages -> add(pages.session(), pages));
    finish();
    calls.clear();
    assertThat(scheduler.writePage()).isFalse();
    assertThat(calls.get("row_bytes")).isEqualTo(2); // of target and head
    store.full = false;
    writeAll();
    assertThat(all).allMatch(pages -> pages.rows() >= PROMPT);
  }

  @Test
  void turnsThatReadTheirPagesShareTheRowsOfARound() {
    schedule(1L << 30);
    List<MemoryPages> all =
        IntStream.range(0, 4).mapToObj(i -> new MemoryPages("session" + i)).toList();
    all.forEach(pages -> add(pages.session(), pages));
    finish();
    writeAll();
    all.forEach(pages -> scheduler.forget(pages.session()));
    all.forEach(pages -> pages.read.clear());
    int pageRows = all.get(0).pages.get(0).rows();
    all.forEach(pages -> add(pages.session() + " again", pages));
    scheduler.round(); // each learns whether it has pages
    int before = read(all);
    scheduler.round();
    assertThat((read(all) - before) * pageRows).isBetween(1, PageFormat.MOST_ROWS + pageRows);
    finish();
    assertThat(all).allMatch(pages -> pages.read.size() * pageRows > PROMPT - pageRows);
  }

  private static int read(List<MemoryPages> all) {
    return all.stream().mapToInt(pages -> pages.read.size()).sum();
  }

  @Test
  void aNewSessionDoesNotWaitUntilAnOldOneHasReadItsPages() {
    schedule(1L << 30);
    MemoryPages old = new MemoryPages("old");
    add("first", old);
    finish();
    writeAll();
    scheduler.forget("old");
    Recording reading = add("reading", old);
    Recording fresh = add("fresh", new MemoryPages("fresh"));
    while (fresh.steps.isEmpty()) {
      assertThat(reading.steps).isEmpty();
      scheduler.round();
    }
    assertThat(reading.steps).isEmpty();
    finish();
  }
}
