/** How far unread messages of one conversation are counted, by the store and by clients: that many or more. */
export const UNREAD_LIMIT = 1000;
