package io.heterospec.topology.session;

import io.heterospec.schemas.SessionState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.streams.state.KeyValueStore;

/** The sessions of one task: transcripts as token ids. */
public final class Sessions {
  private static final int RECENT_REQUESTS = 32;

  // Transcripts take longer to read than request ids, and the pages of a session to delete longest.
  private static final int MOST_AT_ONCE = 200;
  private static final int MOST_EXPIRED_AT_ONCE = 8;

  private final KeyValueStore<String, SessionState> store;
  private final Sweep<SessionState> sweep;

  public Sessions(KeyValueStore<String, SessionState> store) {
    this.store = store;
    this.sweep = new Sweep<>(store, MOST_AT_ONCE, MOST_EXPIRED_AT_ONCE);
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
   * Makes sure that there is a session, be it one without turns: what the other tiers have of it
   * then expires with it.
   */
  public void open(String sessionId, Instant now) {
    if (store.get(sessionId) == null) {
      put(SessionState.newBuilder().setSessionId(sessionId).setLastUsedAt(now).build());
    }
  }

  /** Keeps a session as it is after a turn. */
  public void put(SessionState state) {
    store.put(state.getSessionId(), state);
  }

  /**
   * A session as it is after a finished turn.
   *
   * @param asked the session with the turn's prompt
   * @param answer tokens of the answer
   * @param text of the answer
   */
  public SessionState after(
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
    return SessionState.newBuilder()
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
        .build();
  }

  /**
   * Looks at some of the sessions and forgets those last used before a time. Repeated calls get to
   * all.
   *
   * @param inUse whether a turn of a session waits or runs: such a session is kept
   * @return which were forgotten
   */
  public List<String> expire(Instant before, Instant now, Predicate<String> inUse) {
    return sweep.step(
        now.toEpochMilli(),
        entry -> entry.value.getLastUsedAt().isBefore(before) && !inUse.test(entry.key));
  }
}
