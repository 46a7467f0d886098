package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.gateway.Gateway;
import io.heterospec.topology.route.PromptRules;
import io.heterospec.topology.serve.StreamedBody;
import io.heterospec.topology.serve.WebSettings;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.function.Function;

/** What the endpoints share that turn a call into a prompt event. */
public final class PromptCalls {
  private final Gateway gateway;
  private final WebSettings settings;
  private final PromptFields fields;

  /**
   * @param rules of what the router accepts
   */
  public PromptCalls(Gateway gateway, WebSettings settings, PromptRules rules) {
    this.gateway = gateway;
    this.settings = settings;
    this.fields = new PromptFields(gateway.models(), rules);
  }

  Gateway gateway() {
    return gateway;
  }

  PromptFields fields() {
    return fields;
  }

  JsonRequest read(Context ctx) throws IOException {
    return JsonRequest.of(ctx, settings.maxRequestBytes());
  }

  /** A body for something that goes on without its reader. */
  StreamedBody body(Context ctx) {
    return new StreamedBody(ctx, settings.maxUnreadBytes(), () -> {});
  }

  /** A body for the answer to a prompt, which is cancelled when its reader leaves. */
  StreamedBody body(Context ctx, PromptEvent prompt) {
    return new StreamedBody(
        ctx,
        settings.maxUnreadBytes(),
        () -> gateway.generations().abandon(prompt.getRequestId(), "its client is gone"));
  }

  /** Answers at once when the text has ended, or with what it ended with instead. */
  static WholeAnswer whole(StreamedBody body, Function<Completion, ObjectNode> format) {
    return new WholeAnswer(body, completion -> format.apply(Errors.answer(completion)));
  }
}
