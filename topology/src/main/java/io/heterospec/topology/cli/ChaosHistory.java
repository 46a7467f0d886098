package io.heterospec.topology.cli;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.topology.client.EventReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a read_committed reader saw of some requests, and whether that is what was promised: one end
 * of each request, the turns of a session in their order, deltas that follow each other, and the
 * text that a run without faults gives. Safe for use by many threads.
 */
final class ChaosHistory implements EventReader.Handler {

  /**
   * A request that was published.
   *
   * @param script what was asked: the same script gives the same text
   */
  record Published(String requestId, String sessionId, String script) {}

  private static final class Seen {
    final List<Completion> completions = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    final List<Long> arrivals = new ArrayList<>(); // of deltas and completions, nanoTime
    int tokens;
    int deadLetters;
  }

  private final Map<String, Published> published = new LinkedHashMap<>(); // guarded by this
  private final Map<String, Seen> seen = new HashMap<>(); // guarded by this
  private final Map<String, List<String>> endsBySession = new HashMap<>(); // guarded by this
  private final List<String> violations = new ArrayList<>(); // guarded by this

  /** Notes a request; a session's turns are published in their order. */
  synchronized void publishing(Published request) {
    published.put(request.requestId(), request);
  }

  // Between topics a reader sees no order: it may well have the completion before the last deltas.
  @Override
  public synchronized void onDelta(GenerationDelta delta) {
    Seen request = of(delta.getRequestId());
    if (delta.getTokenOffset() != request.tokens) {
      violations.add(
          "%s: a delta starts at token %d instead of %d"
              .formatted(delta.getRequestId(), delta.getTokenOffset(), request.tokens));
    }
    if (delta.getTokenIds().isEmpty() && delta.getText().isEmpty()) {
      violations.add(delta.getRequestId() + ": a delta holds nothing");
    }
    request.tokens = delta.getTokenOffset() + delta.getTokenIds().size();
    request.text.append(delta.getText());
    request.arrivals.add(System.nanoTime());
  }

  @Override
  public synchronized void onCompletion(Completion completion) {
    String id = completion.getRequestId();
    of(id).completions.add(completion);
    of(id).arrivals.add(System.nanoTime());
    Published request = published.get(id);
    if (request != null && request.sessionId() != null) {
      endsBySession.computeIfAbsent(request.sessionId(), key -> new ArrayList<>()).add(id);
    }
  }

  /** Notes that a request was put aside. */
  synchronized void onDeadLetter(String requestId) {
    of(requestId).deadLetters++;
  }

  private Seen of(String requestId) {
    return seen.computeIfAbsent(requestId, key -> new Seen());
  }

  /** Requests that have ended. */
  synchronized int ended() {
    return (int) published.keySet().stream().filter(this::hasEnded).count();
  }

  private boolean hasEnded(String id) {
    Seen request = seen.get(id);
    return request != null && (!request.completions.isEmpty() || request.deadLetters > 0);
  }

  /** Records read so far of each request that has some text but no end. */
  Map<Published, Integer> underWay() {
    return underWay(Integer.MAX_VALUE);
  }

  /**
   * Records read so far of each request that has some text but no end.
   *
   * @param atMost tokens of that text; requests with more are left out
   */
  synchronized Map<Published, Integer> underWay(int atMost) {
    Map<Published, Integer> records = new HashMap<>();
    for (Published request : published.values()) {
      Seen some = seen.get(request.requestId());
      if (some != null
          && !some.arrivals.isEmpty()
          && some.tokens <= atMost
          && !hasEnded(request.requestId())) {
        records.put(request, some.arrivals.size());
      }
    }
    return records;
  }

  /** Whether each of these requests has gone on since {@link #underWay} was asked. */
  synchronized boolean allWentOn(Map<Published, Integer> before) {
    return before.entrySet().stream().allMatch(this::wentOn);
  }

  private boolean wentOn(Map.Entry<Published, Integer> before) {
    return seen.get(before.getKey().requestId()).arrivals.size() > before.getValue();
  }

  /**
   * When each of these requests that has gone on since {@link #underWay} was asked did so, in terms
   * of {@link System#nanoTime}.
   */
  synchronized long[] wentOnAt(Map<Published, Integer> before) {
    return before.entrySet().stream()
        .filter(this::wentOn)
        .mapToLong(each -> seen.get(each.getKey().requestId()).arrivals.get(each.getValue()))
        .toArray();
  }

  /** Completed text of each script, from the first request with it. */
  synchronized Map<String, String> texts() {
    Map<String, String> texts = new HashMap<>();
    for (Published request : published.values()) {
      Seen end = seen.get(request.requestId());
      if (end != null && !end.completions.isEmpty()) {
        texts.putIfAbsent(request.script(), end.completions.get(0).getText());
      }
    }
    return texts;
  }

  synchronized int completions() {
    return seen.values().stream().mapToInt(each -> each.completions.size()).sum();
  }

  synchronized int deadLetters() {
    return seen.values().stream().mapToInt(each -> each.deadLetters).sum();
  }

  /**
   * One sentence for each broken promise; empty when all were kept.
   *
   * @param expected text of each script
   */
  synchronized List<String> violations(Map<String, String> expected) {
    List<String> found = new ArrayList<>(violations);
    Set<String> strangers = new TreeSet<>(seen.keySet());
    strangers.removeAll(published.keySet());
    strangers.forEach(id -> found.add(id + ": was never published"));
    for (Published request : published.values()) {
      check(request, expected.get(request.script()), found);
    }
    checkOrder(found);
    return found;
  }

  private void check(Published request, String expected, List<String> found) {
    String id = request.requestId();
    Seen end = seen.getOrDefault(id, new Seen());
    if (end.completions.size() + end.deadLetters != 1) {
      found.add(
          "%s: has %d completions and %d dead letters instead of one end"
              .formatted(id, end.completions.size(), end.deadLetters));
    }
    if (end.completions.isEmpty()) {
      return;
    }
    Completion completion = end.completions.get(0);
    if (completion.getError() != null) {
      found.add("%s: failed with %s".formatted(id, completion.getError().getCode()));
    }
    if (end.tokens != completion.getTokenIds().size()) {
      found.add(
          "%s: has %d tokens in deltas and %d in its completion"
              .formatted(id, end.tokens, completion.getTokenIds().size()));
    }
    if (!end.text.toString().equals(completion.getText())) {
      found.add(id + ": the text of the deltas is not the text of the completion");
    }
    if (!completion.getText().equals(expected)) {
      found.add(id + ": the text is not that of a run without faults");
    }
  }

  private void checkOrder(List<String> found) {
    Map<String, List<String>> inOrder = new HashMap<>();
    for (Published request : published.values()) {
      if (request.sessionId() != null && hasEnded(request.requestId())) {
        inOrder
            .computeIfAbsent(request.sessionId(), key -> new ArrayList<>())
            .add(request.requestId());
      }
    }
    endsBySession.forEach(
        (session, ends) -> {
          List<String> distinct = ends.stream().distinct().toList();
          List<String> order =
              inOrder.getOrDefault(session, List.of()).stream().filter(distinct::contains).toList();
          if (!distinct.equals(order)) {
            found.add("%s: its turns ended in the order %s".formatted(session, distinct));
          }
        });
  }
}
