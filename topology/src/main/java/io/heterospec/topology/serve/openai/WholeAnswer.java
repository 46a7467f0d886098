package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.topology.gateway.GatewayException;
import io.heterospec.topology.gateway.GenerationObserver;
import io.heterospec.topology.serve.StreamedBody;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/** Answers with one JSON object when the generation has ended. */
final class WholeAnswer implements GenerationObserver {
  private final StreamedBody body;
  private final Function<Completion, ObjectNode> format;

  /**
   * @param format throws an {@link io.heterospec.topology.serve.ApiError} where there is no answer
   */
  WholeAnswer(StreamedBody body, Function<Completion, ObjectNode> format) {
    this.body = body;
    this.format = format;
  }

  @Override
  public void onText(String text) {
    // the completion has all of it
  }

  @Override
  public void onEnd(Completion completion) {
    ObjectNode answer;
    try {
      answer = format.apply(completion);
    } catch (RuntimeException e) {
      body.refuse(e);
      return;
    }
    body.write("application/json", answer.toString().getBytes(StandardCharsets.UTF_8));
    body.finish();
  }

  @Override
  public void onLost(GatewayException reason) {
    body.refuse(Errors.of(reason));
  }

  @Override
  public void onTick() {
    body.checkReader();
  }
}
