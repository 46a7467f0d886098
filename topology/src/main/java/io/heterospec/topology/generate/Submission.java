package io.heterospec.topology.generate;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.engine.GenerationRequest;
import io.heterospec.processor.text.TextModel;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.route.ErrorCodes;
import io.heterospec.topology.route.InvalidRequestException;
import io.heterospec.topology.route.PromptRules;
import io.heterospec.topology.route.RecordLimit;
import io.heterospec.topology.session.SessionKv;
import io.heterospec.topology.session.SessionOverflow;
import io.heterospec.topology.session.Sessions;
import io.heterospec.topology.session.Transcript;
import java.util.Arrays;

/** Turns a pending generation into a request of the engine. */
final class Submission {
  private final DecodeEngine engine;
  private final Sessions sessions;
  private final SessionKv pages;
  private final PromptEncoder encoder;
  private final RecordLimit limit;

  Submission(
      DecodeEngine engine,
      Sessions sessions,
      SessionKv pages,
      SessionOverflow overflow,
      RecordLimit limit) {
    this.engine = engine;
    this.limit = limit;
    this.encoder = new PromptEncoder(engine.model(), overflow);
    this.sessions = sessions;
    this.pages = pages;
  }

  /**
   * The generation with its prompt as token ids of the present model: a session's transcript goes
   * first. Prompts of another model are encoded anew as long as nothing was published.
   *
   * @throws InvalidRequestException when the prompt does not suit the model
   */
  PendingGeneration encoded(PendingGeneration pending, Progress progress) {
    TextModel model = engine.model();
    if (pending.getModelFingerprint().equals(model.fingerprint())) {
      return pending;
    }
    if (!progress.tokens().isEmpty()) {
      throw new InvalidRequestException(
          ErrorCodes.MODEL_CHANGED,
          "the model was replaced after part of the answer was published; send the prompt again");
    }
    if (!pending.getRequest().getModel().equals(model.name())) {
      throw new InvalidRequestException(
          ErrorCodes.UNKNOWN_MODEL,
          "this pool serves model '%s', not '%s'; correct the router's routes"
              .formatted(model.name(), pending.getRequest().getModel()));
    }
    PromptEvent prompt = pending.getRequest().getPrompt();
    Transcript asked =
        encoder.encode(sessions.transcript(prompt.getSessionId(), model.fingerprint()), prompt);
    PendingGeneration encoded =
        PendingGeneration.newBuilder(pending)
            .setPromptTokenIds(Arrays.stream(asked.tokens()).boxed().toList())
            .setOpeningTokens(asked.opening())
            .setTurnStarts(asked.turns())
            .setHistory(asked.history())
            .setModelFingerprint(model.fingerprint())
            .build();
    if (limit.isExceededBy(encoded)) {
      throw new InvalidRequestException(
          ErrorCodes.PROMPT_TOO_LONG,
          "the prompt with its session does not fit in a record of %d bytes; start a new session"
              .formatted(limit.bytes()));
    }
    return encoded;
  }

  /** The engine's request: what was published already is its prefix. */
  GenerationRequest request(String engineId, PendingGeneration pending, Progress progress) {
    PromptEvent prompt = pending.getRequest().getPrompt();
    GenerationRequest request =
        new GenerationRequest(
            engineId,
            pending.getPromptTokenIds().stream().mapToInt(Integer::intValue).toArray(),
            progress.tokenArray(),
            PromptRules.sampling(
                prompt.getSampling(), engine.model().defaultMaxTokens(), pending.getSeed()),
            prompt.getMode(),
            prompt.getPriority(),
            PendingWork.deadlineMs(prompt),
            prompt.getTraceTree());
    return prompt.getSessionId() == null
        ? request
        : request.withSession(pages.pages(prompt.getSessionId()));
  }
}
