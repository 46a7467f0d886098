/**
 * The one place that touches DJL's PyTorch internals: devices, TorchScript modules, tensors that
 * live outside Java, weight conversion. Everything here belongs to the thread that owns the device.
 */
package io.heterospec.processor.torch;
