/** `…` stands for any text. */
export const means = (text: string, message: string): boolean => {
  const parts = text.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`).test(message);
};
