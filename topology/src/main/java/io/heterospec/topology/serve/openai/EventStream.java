package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.topology.gateway.GatewayException;
import io.heterospec.topology.gateway.GenerationObserver;
import io.heterospec.topology.serve.ApiError;
import io.heterospec.topology.serve.StreamedBody;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Answers with server-sent events, one for each piece of text, then {@code [DONE]}. Nothing is sent
 * before there is text, so that a request that cannot run still gets a status of its own; unless
 * that takes long: then comments keep the connection busy and show whether the reader is there.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">Server-sent
 *     events</a>
 */
final class EventStream implements GenerationObserver {
  private static final String TYPE = "text/event-stream;charset=utf-8";
  private static final String DONE = "data: [DONE]\n\n";
  private static final int MOST_QUIET_TICKS = 10;
  private static final String COMMENT = ": waiting\n\n";

  private final StreamedBody body;
  private final AnswerFormat format;
  private final boolean usage;
  private boolean opened;
  private int quietTicks;

  /**
   * @param usage whether token counts come at the end
   */
  EventStream(StreamedBody body, AnswerFormat format, boolean usage) {
    this.body = body;
    this.format = format;
    this.usage = usage;
  }

  @Override
  public void onText(String text) {
    open();
    send(chunk(format.chunk(text)));
  }

  @Override
  public void onEnd(Completion completion) {
    Optional<ApiError> error = Errors.of(completion);
    if (error.isPresent()) {
      fail(error.get());
      return;
    }
    open();
    send(chunk(format.closing(completion.getFinishReason())));
    if (usage) {
      send(format.empty().set("usage", AnswerFormat.usage(completion.getUsage())));
    }
    write(DONE);
    body.finish();
  }

  @Override
  public void onLost(GatewayException reason) {
    fail(Errors.of(reason));
  }

  @Override
  public void onTick() {
    body.checkReader();
    if (++quietTicks == MOST_QUIET_TICKS) {
      write(COMMENT);
    }
  }

  private void open() {
    if (!opened) {
      opened = true;
      format.opening().ifPresent(first -> send(chunk(first)));
    }
  }

  // Once text was sent, the only place for an error is the stream.
  private void fail(ApiError error) {
    if (!body.refuse(error)) {
      send(error.toJson());
      body.finish();
    }
  }

  private ObjectNode chunk(ObjectNode chunk) {
    return usage ? chunk.putNull("usage") : chunk;
  }

  private void send(ObjectNode event) {
    write("data: " + event + "\n\n");
  }

  private void write(String text) {
    quietTicks = 0;
    body.write(TYPE, text.getBytes(StandardCharsets.UTF_8));
  }
}
