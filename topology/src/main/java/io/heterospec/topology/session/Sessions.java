package io.heterospec.topology.session;

import io.heterospec.schemas.SessionState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** The sessions of one task: transcripts as token ids. */
public final class Sessions {
  private static final int RECENT_REQUESTS = 32;

  private final KeyValueStore<String, SessionState> store;

  public Sessions(KeyValueStore<String, SessionState> store) {
    this.store = store;
  }

  /** A session so far; empty for a new one, and for one of another model. */
  public Transcript transcript(String sessionId, String fingerprint) {
    SessionState state = sessionId == null ? null : store.get(sessionId);
    // Token ids mean nothing to another model: the session starts anew with it.
    return state == null || !state.getModelFingerprint().equals(fingerprint)
        ? Transcript.EMPTY
        : new Transcript(
            state.getTranscriptTokenIds().stream().mapToInt(Integer::intValue).toArray(),
            state.getOpeningTokens(),
            List.copyOf(state.getTurnStarts()),
            state.getHistory());
  }

  /** Whether a finished turn of the session had this request id. */
  public boolean hasFinished(String sessionId, String requestId) {
    SessionState state = sessionId == null ? null : store.get(sessionId);
    return state != null && state.getRecentRequestIds().contains(requestId);
  }

  /**
   * Notes a finished turn.
   *
   * @param asked the session with the turn's prompt
   * @param answer tokens of the answer
   * @param text of the answer
   */
  public void append(
      String sessionId,
      String requestId,
      String fingerprint,
      Transcript asked,
      List<Integer> answer,
      String text,
      Instant now) {
    SessionState before = store.get(sessionId);
    List<String> recent =
        new ArrayList<>(before == null ? List.of() : before.getRecentRequestIds());
    recent.add(requestId);
    List<Integer> transcript = new ArrayList<>(IntStream.of(asked.tokens()).boxed().toList());
    transcript.addAll(answer);
    store.put(
        sessionId,
        SessionState.newBuilder()
            .setSessionId(sessionId)
            .setModelFingerprint(fingerprint)
            .setTranscriptTokenIds(transcript)
            .setOpeningTokens(asked.opening())
            .setTurnStarts(asked.turns())
            .setHistory(Transcript.history(asked.history(), Transcript.ANSWER_ROLE, text))
            .setRecentRequestIds(
                recent.subList(Math.max(0, recent.size() - RECENT_REQUESTS), recent.size()))
            .setTurns(before == null ? 1 : before.getTurns() + 1)
            .setLastUsedAt(now)
            .build());
  }

  /** Forgets sessions last used before a time; returns which. */
  public List<String> expire(Instant before) {
    List<String> expired = new ArrayList<>();
    try (KeyValueIterator<String, SessionState> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<String, SessionState> entry = all.next();
        if (entry.value.getLastUsedAt().isBefore(before)) {
          store.delete(entry.key);
          expired.add(entry.key);
        }
      }
    }
    return expired;
  }
}
