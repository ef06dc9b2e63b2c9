import { Component } from 'react';
import type { ReactNode } from 'react';
import { Failure } from '../parts/Failure';

/** Shows what went wrong in a page, in its place; the frame stays. */
export class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <Failure error={this.state.error} retry={() => this.setState({ error: undefined })} />;
  }
}
